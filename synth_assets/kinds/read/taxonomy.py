"""`taxonomy`: the leaves of an InstructLab taxonomy, a row for each leaf or context, with the leaf's path."""

from collections.abc import Iterator, Mapping
from typing import Literal

from pydantic import Field

from synth_assets.core.contract import Column, Contract, Values
from synth_assets.core.errors import RecipeError
from synth_assets.core.stage import (
    Partition,
    PartitionScheme,
    Rejection,
    Source,
    SourceContext,
    StageError,
    declare_contract,
)
from synth_assets.kinds.support.reading.partitioning import shard_of
from synth_assets.kinds.support.reading.taxonomy_leaves import KINDS, LEAF_FILE, LeafKind, read_leaves


class Taxonomy(Source):
    """Reads every `qna.yaml` under a folder: skills, grounded skills with their contexts, and knowledge."""

    kind: Literal["taxonomy"] = "taxonomy"
    folder: str = Field(min_length=1, description="the taxonomy, or a part of it; relative to the recipe's folder")
    only: tuple[LeafKind, ...] = Field(KINDS, min_length=1, description="these leaves")

    def contract(self, inputs: Mapping[str, Contract]) -> Contract:
        if self.id is not None:
            raise StageError("id", "a leaf is named by its content")
        return declare_contract(_COLUMNS, self.checks, self.description)

    def check_scheme(self, scheme: PartitionScheme) -> None:
        if scheme == "daily":
            raise StageError("folder", "a taxonomy has no days: divide the recipe by shards, or not at all")

    def rows(self, partition: Partition, context: SourceContext) -> Iterator[Values | Rejection]:
        root = (context.folder / self.folder).expanduser()
        if not root.is_dir():
            raise RecipeError(
                f"there is no folder {self.folder}", where="folder", remedy=f"it starts from {context.folder}"
            )
        for row in read_leaves(root):
            leaf = row.detail.partition(f"/{LEAF_FILE}")[0] if isinstance(row, Rejection) else row["leaf"]
            is_wanted = isinstance(row, Rejection) or row["leaf_kind"] in self.only
            if is_wanted and (partition.scheme != "shards" or shard_of(leaf, partition.of) == partition.index):
                yield row


_COLUMNS = (
    Column("leaf", "text", "the path of the leaf in the taxonomy"),
    Column("leaf_kind", "text", "a skill, one grounded in a context, or knowledge", accepted=KINDS),
    Column("task", "text", "what the leaf teaches"),
    Column("domain", "text", "the field of knowledge", nullable=True),
    Column("context", "text", "the text that the examples are about", nullable=True),
    Column("seed_questions", "texts", "the questions of the examples", min_length=1),
    Column("seed_answers", "texts", "their answers, in the same order"),
    Column("document", "json", "where the documents of knowledge lie", nullable=True),
    Column("created_by", "text", "who wrote the leaf", nullable=True),
)
