"""The teacher without a key: answers by rules."""
