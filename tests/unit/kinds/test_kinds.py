"""Every kind, by listing them: what is added to the folder is tested here without a change."""

import ast
import json
from pathlib import Path

import pytest

import synth_assets.kinds
from synth_assets.core.stage import Ask, Query, Sift, Sink, Source, Stage, Study
from synth_assets.kinds import code_hash, kinds
from synth_assets.kinds.code_hash import _closure, _source_file, tree_hash

FOLDER = Path(synth_assets.kinds.__file__).parent


def test_every_file_in_a_folder_of_kinds_is_a_kind():
    files = {path.stem for path in FOLDER.glob("*/[!_]*.py") if path.parent.name != "support"}
    own = {name for name, kind in kinds().items() if kind.__module__.startswith("synth_assets.")}
    assert own == files
    assert set(kinds()) >= {"source", "rewrite", "filter", "chat_jsonl"}


@pytest.mark.parametrize("name", kinds())
def test_a_kind_is_a_frozen_model_of_one_shape(name):
    kind = kinds()[name]
    shape = kind.__base__.__pydantic_generic_metadata__["origin"] or kind.__base__
    assert shape in (Source, Ask, Query, Sift, Study, Sink)
    assert kind.model_fields["kind"].default == name
    assert (kind.model_config["frozen"], kind.model_config["extra"]) == (True, "forbid")
    assert kind.__doc__ not in (None, Stage.__doc__)
    assert json.dumps(kind.model_json_schema())


@pytest.mark.parametrize("name", kinds())
def test_a_kind_imports_nothing_heavy(name):
    """`synth --help` lists the kinds: pandas and the like are imported where they are used."""
    heavy = {"pandas", "pandera", "datasets", "mistral_common", "mistralai", "matplotlib", "pyarrow", "torch"}
    for module in _closure(kinds()[name].__module__):
        for node in ast.parse(_source_file(module).read_text("utf-8")).body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not heavy & {imported.partition(".")[0] for imported in names}, module


@pytest.mark.parametrize("name", kinds())
def test_the_code_of_a_kind_has_a_hash(name):
    assert len(code_hash(kinds()[name])) == 32
    others = [code_hash(kind) for other, kind in kinds().items() if other != name]
    assert code_hash(kinds()[name]) not in others


def test_the_hash_follows_what_a_kind_builds_on():
    closure = _closure("synth_assets.kinds.ask.rewrite")
    assert {"synth_assets.core.dialog", "synth_assets.core.parse", "synth_assets.core.prompt"} <= set(closure)
    assert "synth_assets.core.errors" not in closure
    assert "synth_assets.kinds.support.reading.files" in _closure("synth_assets.kinds.read.source")
    assert "synth_assets.kinds.support.reading.files" not in closure


CODE = '''
"""A module."""
class A:
    """A class."""
    x: int = Field(3, description="a number")
    def f(self, a):  # a comment
        """A method."""
        return [a, "text"]
'''


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("# a comment", "# another", True),
        ('"""A module."""', "", True),
        ('"""A method."""', '"""Does\n        more."""', True),
        ("a number", "another number", True),
        ('[a, "text"]', "[\n            a,\n            'text',\n        ]", True),
        ('"text"', '"words"', False),
        ("3", "3.0", False),
        ("3", "True", False),
        ("[a,", "[self,", False),
        ("def f", "def g", False),
        ("Field(3, ", "Other(3, ", False),
    ],
)
def test_words_and_layout_do_not_count_and_all_else_does(old, new, same):
    assert old in CODE
    assert (tree_hash(ast.parse(CODE)) == tree_hash(ast.parse(CODE.replace(old, new)))) is same
