"""Fine-tuning, for real, on a model so small that a test can make it: it learns, is chosen fairly, and is saved."""

from pathlib import Path

import numpy as np
import pytest

from synth_assets.core.errors import RecipeError
from synth_assets.training.student import Lessons
from synth_assets.training.student_files import TRANSFORMER, load, save_about
from synth_assets.training.transformer import Recipe, fine_tune

pytest.importorskip("torch", reason="the extra `train` is not installed")
transformers = pytest.importorskip("transformers", reason="the extra `train` is not installed")

WORDS = ["profit", "sales", "margin", "orders", "rose", "grew", "fell", "shrank", "today", "again"]
TEXTS = [f"{what} {verb} {when}" for what in WORDS[:4] for verb in WORDS[4:8] for when in WORDS[8:]] * 3
LABELS = ["up" if "rose" in text or "grew" in text else "down" for text in TEXTS]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> Path:
    """A BERT of two layers that knows ten words."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    tokenizer = Tokenizer(models.WordLevel({w: n for n, w in enumerate([*special, *WORDS])}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", None, [("[CLS]", 2), ("[SEP]", 3)])
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    config = transformers.BertConfig(vocab_size=len(special) + len(WORDS), num_labels=2, pad_token_id=0, **sizes)
    folder = tmp_path_factory.mktemp("tiny")
    transformers.BertForSequenceClassification(config).save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


@pytest.mark.slow
def test_it_learns_and_comes_back_from_its_folder(tiny, tmp_path):
    lessons = Lessons(TEXTS, LABELS, [{label: 1.0} for label in LABELS])
    trained = fine_tune(lessons, Recipe(str(tiny), epochs=12, learning_rate=5e-3), tmp_path)
    assert trained.chosen["held_out_accuracy"] > 0.9
    assert 1 <= trained.chosen["epoch"] <= 12
    said = [trained.student.labels[best] for best in trained.held_out.argmax(axis=1)]
    assert np.mean([label == taught for label, taught in zip(said, LABELS, strict=True)]) > 0.9
    save_about(tmp_path, TRANSFORMER, trained.student.labels, {})
    again = load(tmp_path)
    texts = ["orders rose again", "sales shrank today", "nothing it knows"]
    assert np.allclose(again.probabilities(texts), trained.student.probabilities(texts), atol=1e-5)
    assert [again.labels[best] for best in again.probabilities(texts[:2]).argmax(axis=1)] == ["up", "down"]


def test_a_model_that_is_not_there_is_named(tmp_path):
    lessons = Lessons(TEXTS, LABELS, [{label: 1.0} for label in LABELS])
    with pytest.raises(RecipeError, match="nowhere cannot be loaded"):
        fine_tune(lessons, Recipe("nowhere", epochs=1, learning_rate=1e-3), tmp_path)
