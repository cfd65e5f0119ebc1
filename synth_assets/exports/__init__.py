"""Training files: writing, describing and validating them."""
