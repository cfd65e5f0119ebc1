"""Scores: their scale, and reading them from a judge's answer."""
