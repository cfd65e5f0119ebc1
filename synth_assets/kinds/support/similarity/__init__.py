"""Finding texts that are nearly the same."""
