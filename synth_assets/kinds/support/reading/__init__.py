"""Reading rows from files and datasets, and converting them to declared types."""
