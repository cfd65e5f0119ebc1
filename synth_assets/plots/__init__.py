"""Draws plots, as PNG bytes."""
