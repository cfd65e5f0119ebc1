"""Every kind, by listing them: what is added to the folder is tested here without a change."""

import ast
import json
from pathlib import Path

import pytest

from synth_assets import stages
from synth_assets.core.stage import Ask, Query, Sift, Sink, Source, Stage, Study
from synth_assets.stages import code_hash, kinds
from synth_assets.stages._code import _closure, tree_hash

FOLDER = Path(stages.__file__).parent


def test_every_file_of_the_folder_is_a_kind():
    assert set(kinds()) == {path.stem for path in FOLDER.glob("[!_]*.py")}
    assert set(kinds()) >= {"source", "rewrite", "filter", "chat_jsonl"}


@pytest.mark.parametrize("name", kinds())
def test_a_kind_is_a_frozen_model_of_one_shape(name):
    kind = kinds()[name]
    assert kind.__base__ in (Source, Ask, Query, Sift, Study, Sink)
    assert kind.model_fields["kind"].default == name
    assert (kind.model_config["frozen"], kind.model_config["extra"]) == (True, "forbid")
    assert kind.__doc__ not in (None, Stage.__doc__)
    assert json.dumps(kind.model_json_schema())


@pytest.mark.parametrize("name", kinds())
def test_a_kind_imports_nothing_heavy(name):
    """`synth --help` lists the kinds: pandas and the like are imported where they are used."""
    heavy = {"pandas", "pandera", "datasets", "mistral_common", "mistralai", "matplotlib", "pyarrow", "torch"}
    for module in _closure(kinds()[name].__module__):
        path = FOLDER.parents[1] / (module.replace(".", "/") + ".py")
        for node in ast.parse(path.read_text("utf-8")).body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not heavy & {imported.partition(".")[0] for imported in names}, module


@pytest.mark.parametrize("name", kinds())
def test_the_code_of_a_kind_has_a_hash(name):
    assert len(code_hash(kinds()[name])) == 32
    others = [code_hash(kind) for other, kind in kinds().items() if other != name]
    assert code_hash(kinds()[name]) not in others


def test_the_hash_follows_what_a_kind_builds_on():
    closure = _closure("synth_assets.stages.rewrite")
    assert {"synth_assets.core.dialog", "synth_assets.core.parse", "synth_assets.core.prompt"} <= set(closure)
    assert "synth_assets.core.errors" not in closure
    assert "synth_assets.stages._files" in _closure("synth_assets.stages.source")
    assert "synth_assets.stages._files" not in closure


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
