"""`taxonomy`: the leaves of an InstructLab taxonomy, a row for each leaf or context, with the leaf's path."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from pydantic import Field

from synth_assets.core.canonical import Json
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

_LEAF_FILE = "qna.yaml"
_LeafKind = Literal["skill", "grounded", "knowledge"]
_KINDS: tuple[_LeafKind, ...] = get_args(_LeafKind)
_VERSIONS = ("", "1", "2", "3")
_KNOWLEDGE = "knowledge"


class Taxonomy(Source):
    """Reads every `qna.yaml` under a folder: skills, grounded skills with their contexts, and knowledge."""

    kind: Literal["taxonomy"] = "taxonomy"
    folder: str = Field(min_length=1, description="the taxonomy, or a part of it; relative to the recipe's folder")
    only: tuple[_LeafKind, ...] = Field(_KINDS, min_length=1, description="these leaves")

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
        for row in _read_leaves(root):
            leaf = row.detail.partition(f"/{_LEAF_FILE}")[0] if isinstance(row, Rejection) else row["leaf"]
            is_wanted = isinstance(row, Rejection) or row["leaf_kind"] in self.only
            if is_wanted and (partition.scheme != "shards" or shard_of(leaf, partition.of) == partition.index):
                yield row


_COLUMNS = (
    Column("leaf", "text", "the path of the leaf in the taxonomy"),
    Column("leaf_kind", "text", "a skill, one grounded in a context, or knowledge", accepted=_KINDS),
    Column("task", "text", "what the leaf teaches"),
    Column("domain", "text", "the field of knowledge", nullable=True),
    Column("context", "text", "the text that the examples are about", nullable=True),
    Column("seed_questions", "texts", "the questions of the examples", min_length=1),
    Column("seed_answers", "texts", "their answers, in the same order"),
    Column("document", "json", "where the documents of knowledge lie", nullable=True),
    Column("created_by", "text", "who wrote the leaf", nullable=True),
)


class _Fault(ValueError):
    """What is wrong with a leaf."""


@dataclass(frozen=True, slots=True)
class _Example:
    question: str
    answer: str
    context: str | None


def _read_leaves(root: Path) -> Iterator[Values | Rejection]:
    """Yield a row for each leaf without contexts, and for each context of the others; in the order of their paths."""
    for path in sorted(root.rglob(_LEAF_FILE)):
        leaf_path = path.parent.relative_to(root).as_posix()
        try:
            yield from _rows(_fields(path), leaf_path)
        except _Fault as fault:
            yield Rejection("leaf cannot be read", f"{leaf_path}/{_LEAF_FILE}: {fault}")


def _fields(path: Path) -> Mapping[str, object]:
    import yaml

    try:
        # Every scalar is the text that stands there: an answer may be `42`, `no` or `2024-05-01`.
        value = yaml.load(path.read_text("utf-8-sig"), yaml.BaseLoader)  # noqa: S506 - it makes nothing but texts
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise _Fault(f"not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(value, Mapping):
        raise _Fault("not a YAML mapping")
    if value.get("version", "") not in _VERSIONS:
        raise _Fault(f"version {value['version']} is none of 1, 2, 3")
    return value


def _rows(leaf: Mapping[str, object], leaf_path: str) -> Iterator[Values]:
    examples = list(_examples(leaf.get("seed_examples")))
    contexts = dict.fromkeys(example.context for example in examples)
    is_knowledge = leaf_path.split("/")[0] == _KNOWLEDGE or "document" in leaf
    for context in contexts:
        own = [example for example in examples if example.context == context]
        kind = "knowledge" if is_knowledge else "grounded" if context else "skill"
        yield {
            "leaf": leaf_path,
            "leaf_kind": kind,
            "task": _text(leaf, "task_description") or _text(leaf, "document_outline") or _named(leaf_path),
            "domain": _text(leaf, "domain") or None,
            "context": context,
            "seed_questions": [example.question for example in own],
            "seed_answers": [example.answer for example in own],
            "document": _document(leaf.get("document")),
            "created_by": _text(leaf, "created_by") or None,
        }


def _examples(found: object) -> Iterator[_Example]:
    """Return the examples of a leaf. Knowledge of version 3 has several questions for each context."""
    if not isinstance(found, Sequence) or isinstance(found, str) or not found:
        raise _Fault("no seed_examples")
    for number, item in enumerate(found, start=1):
        where = f"seed example {number}"
        if not isinstance(item, Mapping):
            raise _Fault(f"{where} is not a mapping")
        context = _text(item, "context") or None
        pairs = item.get("questions_and_answers", [item])
        if not isinstance(pairs, Sequence) or isinstance(pairs, str) or not pairs:
            raise _Fault(f"{where} has no questions_and_answers")
        for pair in pairs:
            texts = [_text(pair, key) if isinstance(pair, Mapping) else "" for key in ("question", "answer")]
            if not all(texts):
                raise _Fault(f"{where} lacks a question or its answer")
            yield _Example(texts[0], texts[1], context)


def _text(keys: Mapping[str, object], name: str) -> str:
    value = keys.get(name)
    return value.strip() if isinstance(value, str) else ""


def _document(value: object) -> Json:
    """Return where the documents of knowledge lie, as the leaf says: repository, commit and patterns."""
    if not isinstance(value, Mapping):
        return None
    return {
        str(name): [str(one) for one in item] if isinstance(item, list | tuple) else str(item)
        for name, item in value.items()
    }


def _named(leaf_path: str) -> str:
    """Return what a leaf is about that does not say so: what its folders are called."""
    return ", ".join(part.replace("_", " ") for part in leaf_path.split("/")[-2:])
