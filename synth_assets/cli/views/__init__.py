"""How results look: everything here prints and computes nothing."""
