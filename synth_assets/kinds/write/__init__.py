"""Kinds that write training files."""
