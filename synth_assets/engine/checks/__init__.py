"""The checks of a contract on rows and tables."""
