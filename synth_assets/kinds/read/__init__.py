"""Kinds that bring rows in: datasets, files, taxonomies, and the verdicts of people."""
