"""Fine-tuning, for real, on a model so small that a test can make it: it learns, is chosen fairly, and is saved."""

from pathlib import Path

import numpy as np
import pytest

from synth_assets.core.errors import RecipeError
from synth_assets.students.storage import TRANSFORMER, load, save_description
from synth_assets.students.student import TrainingExamples
from synth_assets.students.transformer import TrainingSettings, fine_tune
from tests.support.tiny_bert import TEXTS, tiny_model

pytest.importorskip("torch", reason="the extra `train` is not installed")
pytest.importorskip("transformers", reason="the extra `train` is not installed")

LABELS = ["up" if "rose" in text or "grew" in text else "down" for text in TEXTS]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.mark.slow
def test_it_learns_and_comes_back_from_its_folder(tiny, tmp_path):
    lessons = TrainingExamples(TEXTS, LABELS, [{label: 1.0} for label in LABELS])
    trained = fine_tune(lessons, TrainingSettings(str(tiny), epochs=12, learning_rate=5e-3), tmp_path)
    assert trained.chosen["held_out_accuracy"] > 0.9
    assert 1 <= trained.chosen["epoch"] <= 12
    said = [trained.student.labels[best] for best in trained.held_out.argmax(axis=1)]
    assert np.mean([label == taught for label, taught in zip(said, LABELS, strict=True)]) > 0.9
    save_description(tmp_path, TRANSFORMER, trained.student.labels, {})
    again = load(tmp_path)
    texts = ["orders rose again", "sales shrank today", "nothing it knows"]
    assert np.allclose(again.probabilities(texts), trained.student.probabilities(texts), atol=1e-5)
    assert [again.labels[best] for best in again.probabilities(texts[:2]).argmax(axis=1)] == ["up", "down"]


def test_a_model_that_is_not_there_is_named(tmp_path):
    lessons = TrainingExamples(TEXTS, LABELS, [{label: 1.0} for label in LABELS])
    with pytest.raises(RecipeError, match="nowhere cannot be loaded"):
        fine_tune(lessons, TrainingSettings(str(tmp_path / "nowhere"), epochs=1, learning_rate=1e-3), tmp_path)
