"""The ledger: every reply ever bought, and what a run may still spend."""
