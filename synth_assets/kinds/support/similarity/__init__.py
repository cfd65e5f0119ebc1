"""Finds texts that are nearly the same."""
