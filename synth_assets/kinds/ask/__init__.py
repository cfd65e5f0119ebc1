"""Kinds that ask the teacher about each row."""
