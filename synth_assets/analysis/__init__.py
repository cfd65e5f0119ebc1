"""Statistics over labels, scores and texts. Pure."""
