"""The small student: it learns, it is the same each time, and its folder gives it back without running code."""

import json

import numpy as np
import pytest

from synth_assets.core.errors import ContractError, RecipeError
from synth_assets.students.storage import NGRAMS, load, load_description, save, save_description, student_hash
from synth_assets.students.student import TrainingExamples, assign_folds, normalize, train

UP = ["profit rose to {} from 1", "sales grew by {} percent", "earnings climbed to {}"]
DOWN = ["profit fell to 1 from {}", "sales shrank by {} percent", "the loss widened to {}"]
TEXTS = [form.format(n) for n in range(2, 12) for form in (*UP, *DOWN)]
LABELS = ["up" if index % 6 < 3 else "down" for index in range(len(TEXTS))]


def lessons(labels=LABELS, shares=None) -> TrainingExamples:
    return TrainingExamples(TEXTS, labels, shares or [{label: 1.0} for label in labels])


@pytest.fixture(scope="module")
def trained():
    return train(lessons())


def test_numbers_tell_which_way_they_go():
    assert normalize("Profit ROSE to 1,200.5 from 900 in 2009") == "profit rose to num from numdown in year"
    assert normalize("5 5 6 ²") == "num numsame numup ²"


def test_it_learns_what_it_is_taught(trained):
    said = trained.held_out.argmax(axis=1)
    assert np.mean([trained.student.labels[best] == label for best, label in zip(said, LABELS, strict=True)]) > 0.95
    assert np.allclose(trained.held_out.sum(axis=1), 1)


def test_the_same_lessons_make_the_same_student(trained):
    again = train(lessons())
    assert np.array_equal(again.student.coefficients, trained.student.coefficients)
    assert np.array_equal(again.held_out, trained.held_out)


def test_a_split_vote_teaches_both_sides():
    shares = [{"up": 0.6, "down": 0.4} if label == "up" else {"down": 1.0} for label in LABELS]
    less_sure = train(lessons(shares=shares)).student.probabilities(["profit rose to 9 from 1"])
    sure = train(lessons()).student.probabilities(["profit rose to 9 from 1"])
    assert less_sure[0].max() < sure[0].max()


def test_a_label_that_few_rows_have_is_no_fault():
    labels = ["rare", *LABELS[1:]]
    assert train(lessons(labels)).student.labels == ("down", "rare", "up")


def test_the_rows_of_a_label_are_dealt_evenly():
    folds = assign_folds(["a"] * 50 + ["b"] * 5)
    assert [folds[:50].count(fold) for fold in range(5)] == [10] * 5
    assert sorted(folds[50:]) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    "few",
    [
        TrainingExamples(["x"] * 5, ["a", "b"] * 2 + ["a"], [{}] * 5),
        TrainingExamples(["x"] * 20, ["a"] * 20, [{}] * 20),
    ],
)
def test_too_little_to_learn_from_is_told(few):
    with pytest.raises(ContractError, match="too few to learn from"):
        train(few)


def test_a_folder_gives_the_student_back(trained, tmp_path):
    save(trained.student, tmp_path)
    save_description(tmp_path, NGRAMS, trained.student.labels, {"texts_per_s": 1.0})
    texts = [*TEXTS, "", "something else entirely ²³ 🏦"]
    assert np.allclose(load(tmp_path).probabilities(texts), trained.student.probabilities(texts), atol=1e-6)
    assert load_description(tmp_path)["texts_per_s"] == 1.0
    before = student_hash(tmp_path)
    (tmp_path / "README.md").write_text("another card")
    assert student_hash(tmp_path) == before
    save_description(tmp_path, NGRAMS, ["other", "labels"], {})
    assert student_hash(tmp_path) != before


def test_a_folder_without_a_student_says_so(tmp_path):
    with pytest.raises(RecipeError, match="no student in this folder"):
        load(tmp_path)
    (tmp_path / "student.json").write_text(json.dumps({"kind": "ngrams/9", "labels": []}))
    with pytest.raises(RecipeError, match="none of this version's"):
        load(tmp_path)


def test_a_damaged_model_runs_nobodys_code(trained, tmp_path):
    save(trained.student, tmp_path)
    save_description(tmp_path, NGRAMS, trained.student.labels, {})
    np.savez(tmp_path / "model.npz", idf_0=np.array([object()]), allow_pickle=True)
    with pytest.raises(RecipeError, match="damaged"):
        load(tmp_path)
