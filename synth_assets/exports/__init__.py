"""Writes, describes and validates training files."""
