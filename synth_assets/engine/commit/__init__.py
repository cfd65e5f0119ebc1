"""Building a table and committing it."""
