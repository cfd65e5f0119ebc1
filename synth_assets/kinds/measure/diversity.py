"""`diversity`: how varied the texts of a stage are, together or for each leaf: distinct n-grams, self-similarity."""

from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

from pydantic import Field

from synth_assets.core.contract import Column, Contract
from synth_assets.core.stage import Picture, Query, TableView, declare_contract, find_column
from synth_assets.kinds.support.asking.prompts import check_type, prompt_file


class Diversity(Query):
    """Counts, for each group of rows, how many there are and how much their texts repeat themselves and each other."""

    kind: Literal["diversity"] = "diversity"
    needs_all_partitions: ClassVar[bool] = True

    from_: str = Field(alias="from", description="the stage it reads")
    column: str = Field(min_length=1, description="the column with the texts")
    by: str | None = Field(None, description="the column that tells the groups, as `leaf`; without it, one group")

    def inputs(self) -> tuple[str, ...]:
        return (self.from_,)

    def contract(self, inputs: Mapping[str, Contract]) -> Contract:
        read = inputs[self.from_]
        check_type("column", self.column, self.from_, read, ("text",))
        if self.by is not None:
            find_column("by", self.by, self.from_, read)
        return declare_contract(_COLUMNS, self.checks, self.description)

    def pictures(self, view: TableView) -> Iterator[Picture]:
        """Draw a map of the texts, and the rows that each part has come to."""
        from synth_assets.analysis.text_map import text_map
        from synth_assets.plots.variety_plots import map_png, yields_png

        part = f"coalesce(\"{self.by}\"::VARCHAR, '')" if self.by else "'all'"
        rows = view.rows(
            f'SELECT left("{self.column}", {_CHARACTERS_SEEN}) AS text, {part} AS part FROM {view.table_of(self.from_)}'
            f' WHERE "{self.column}" IS NOT NULL ORDER BY md5(row_id) LIMIT {_TEXTS_SEEN}'
        )
        texts = text_map([str(row["text"]) for row in rows])
        if texts is not None:
            yield f"map of {self.column}", map_png(texts, [str(row["part"]) for row in rows] if self.by else None)
        if self.by:
            first = view.first_asked(self.from_, self.by)
            at_start = _count_parts(view, first, part) if first else {}
            at_end = _count_parts(view, self.from_, part)
            yield f"rows by {self.by}", yields_png(at_end, at_start, (self.from_, first or ""))

    def query(self) -> str:
        names = {"table": self.from_, "column": self.column, "by": self.by}
        quoted = {name: f'"{value}"' if value else "" for name, value in names.items()}
        return prompt_file(__package__, "diversity.sql.jinja").render(quoted)


_COLUMNS = (
    Column("part", "text", "the value that its rows share, or `all`", unique=True),
    Column("rows", "integer", "its rows", minimum=1),
    Column("share", "number", "its share of all rows", minimum=0, maximum=1),
    Column("words", "number", "words of a text, on average"),
    Column("distinct_1", "number", "different words, by all words", nullable=True, maximum=1),
    Column("distinct_2", "number", "different pairs of words, by all pairs", nullable=True, maximum=1),
    Column("distinct_3", "number", "different runs of three words, by all", nullable=True, maximum=1),
    Column("self_similarity", "number", "share of the rows that have four words in a row with another", maximum=1),
)
_TEXTS_SEEN = 2_000
_CHARACTERS_SEEN = 2_000


def _count_parts(view: TableView, stage: str, part: str) -> Mapping[str, int]:
    rows = view.rows(f"SELECT {part} AS part, count(*) AS n FROM {view.table_of(stage)} GROUP BY 1")
    return {str(row["part"]): int(str(row["n"])) for row in rows}
