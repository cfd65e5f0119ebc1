"""What all stages share: contracts tightened by a recipe's checks, and the keys that shape rows."""

import pytest
from pydantic import ValidationError

from synth_assets.core.contract import Column, Contract, Gate
from synth_assets.core.errors import BudgetError, RecipeError, SynthError, TeacherError
from synth_assets.core.stage import Checks, StageError, declare_contract, find_column
from synth_assets.core.teacher_spec import Limits, TeacherSpec
from synth_assets.kinds.ask.rewrite import Rewrite

READ = Contract((Column("text", "text", "words"), Column("n", "integer", minimum=0)))


def test_a_recipe_tightens_what_a_kind_promises():
    checks = Checks(min_rows=5, max_rejects=0.5, unique=("n",), accepted={"text": ("a", "b")}, max_length={"text": 9})
    contract = declare_contract(READ.columns, checks, "a table")
    assert contract.gate == Gate(5, 0.5, 0.1)
    assert contract.column("text") == Column("text", "text", "words", accepted=("a", "b"), max_length=9)
    assert contract.column("n") == Column("n", "integer", unique=True, minimum=0)


def test_columns_are_found_replaced_and_added():
    wider = READ.with_columns([Column("n", "number"), Column("more", "text")])
    assert wider.names() == ("text", "n", "more")
    assert wider.column("n").type == "number"
    assert ("more" in wider, "more" in READ) == (True, False)
    with pytest.raises(KeyError):
        READ.column("more")
    assert find_column("column", "text", "raw", READ).description == "words"
    with pytest.raises(StageError, match='"raw" has no column "texts", did you mean "text"'):
        find_column("column", "texts", "raw", READ)
    with pytest.raises(StageError, match=r"\(it has: text, n\)"):
        find_column("column", "zzz", "raw", READ)


def test_words_for_people_and_warnings_do_not_shape_rows():
    plain = Rewrite(from_="raw", instruction="x")
    described = Rewrite(from_="raw", instruction="x", description="y", checks=Checks(warn_rejects=0.5))
    assert plain.fingerprint_fields() == described.fingerprint_fields()
    assert plain.fingerprint_fields()["from"] == "raw"
    assert (
        plain.fingerprint_fields()
        != Rewrite(from_="raw", instruction="x", checks=Checks(min_rows=2)).fingerprint_fields()
    )


def test_a_stage_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        Rewrite(from_="raw", instruction="x").column = "y"


def test_a_stage_sets_only_the_keys_it_names():
    teacher = TeacherSpec(model="small", temperature=0.2, limits=Limits(concurrency=8))
    assert teacher.with_overrides(None) == teacher
    hot = teacher.with_overrides(TeacherSpec(temperature=0.9))
    assert (hot.model, hot.temperature, hot.limits.concurrency) == ("small", 0.9, 8)
    assert hot.sampling().to_json() == {"temperature": 0.9}


def test_an_error_says_what_where_and_what_next():
    error = RecipeError("unknown key", where="a.yaml:3", remedy="remove it")
    assert str(error) == "a.yaml:3: unknown key\n  → remove it"
    assert str(SynthError("wrong")) == "wrong"
    codes = [kind.exit_code for kind in (SynthError, RecipeError, BudgetError, TeacherError)]
    assert codes == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("checks", "misfit"),
    [
        (Checks(min_length={"n": 1}), "n is of type integer, which takes no min_length"),
        (Checks(accepted={"n": ("1", "2")}), "n is of type integer, which takes no accepted"),
    ],
)
def test_a_check_that_means_nothing_for_its_column_is_a_fault(checks: Checks, misfit: str) -> None:
    with pytest.raises(StageError, match=misfit):
        declare_contract(READ.columns, checks, "")
