"""Draws the scores that a stage gave, of the rows that it kept and of those that it rejected for them."""

from collections import Counter

from synth_assets.core.stage_context import TableView
from synth_assets.kinds.support.judging.scale import is_kept


def draw_scores(view: TableView, score: str, keep: str | None) -> bytes | None:
    """Draw a bar for each score; None where there are none."""
    from synth_assets.plots.score_plots import scores_png

    kept, rejected = Counter[float](), Counter[float]()
    sql = f'SELECT "{score}" AS score, count(*) AS n FROM {view.table} WHERE partition_key = ? GROUP BY 1'
    for row in view.rows(sql, (view.partition_key,)):
        kept[rounded_score(row["score"])] += int(str(row["n"]))
    for value, count in _rejected_scores(view, score) if keep else ():
        # A row that another check rejected may hold a score that is good enough.
        if not is_kept(value, keep or ""):
            rejected[rounded_score(value)] += count
    return scores_png(kept, rejected, score)


def rounded_score(score: object) -> float:
    """Return a score with three digits, as means are shown."""
    return float(f"{float(str(score)):.3g}")


def _rejected_scores(view: TableView, score: str) -> list[tuple[float, int]]:
    sql = (
        f"SELECT try_cast(json_extract_string(row, ?) AS DOUBLE) AS score, count(*) AS n FROM {view.rejects}"
        " WHERE partition_key = ? GROUP BY 1 HAVING score IS NOT NULL"
    )
    rows = view.rows(sql, (f'$."{score}"', view.partition_key))
    return [(float(str(row["score"])), int(str(row["n"]))) for row in rows]
