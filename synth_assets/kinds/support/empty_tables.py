"""Tables that may well hold no row."""

from synth_assets.core.stage import Checks


def allow_empty(checks: Checks) -> Checks:
    """Return the recipe's checks; where they do not say how many rows are wanted, none is fine, too."""
    return checks if "min_rows" in checks.model_fields_set else checks.model_copy(update={"min_rows": 0})
