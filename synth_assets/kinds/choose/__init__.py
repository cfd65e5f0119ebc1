"""Kinds that decide which rows, or which labels, go on."""
