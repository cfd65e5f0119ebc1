"""The ways a call reaches whoever answers it."""
