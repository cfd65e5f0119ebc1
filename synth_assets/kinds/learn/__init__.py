"""Kinds that train a small student, and let it label."""
