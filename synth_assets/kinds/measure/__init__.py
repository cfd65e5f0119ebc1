"""Kinds that measure a table: agreement, scores, variety, costs."""
