"""Trains the larger student: a transformer fine-tuned on the teacher's labels. Needs the extra `train`."""

import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from synth_assets.core.errors import RecipeError
from synth_assets.students.student import Trained, TrainingExamples, assign_folds

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor, device
    from transformers import BatchEncoding, PreTrainedModel, PreTrainedTokenizerBase

    Matrix = NDArray[np.float64]

_BATCH = 32
_MOST_TOKENS = 256
_WARMUP = 0.06
_VALIDATION_FOLDS = 10
_EXTRA = "pip install 'synth-assets[train]'"


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """The model to fine-tune, and how."""

    model: str
    epochs: int
    learning_rate: float
    seed: int = 0


@dataclass(frozen=True, slots=True)
class TransformerStudent:
    """A fine-tuned classifier with its tokenizer."""

    labels: tuple[str, ...]
    model: "PreTrainedModel"
    tokenizer: "PreTrainedTokenizerBase"

    def probabilities(self, texts: Sequence[str]) -> "Matrix":
        """Return how likely each label is, for each text."""
        import numpy as np
        import torch

        self.model.train(False)
        batches = []
        with torch.inference_mode():
            for start in range(0, len(texts), _BATCH):
                batch = _tokenize(self.tokenizer, texts[start : start + _BATCH], self.model.device)
                batches.append(self.model(**batch).logits.float().softmax(-1).cpu().numpy())
        return np.concatenate(batches).astype(float) if batches else np.zeros((0, len(self.labels)))


@dataclass(frozen=True, slots=True)
class _Split:
    """The indices of the examples to learn from, and of those by which the best epoch is chosen."""

    training: Sequence[int]
    validation: Sequence[int]


@dataclass(frozen=True, slots=True)
class _Best:
    """The student after its best epoch, which epoch that was, and its accuracy on the examples for validation."""

    student: TransformerStudent
    epoch: int
    accuracy: float


def fine_tune(examples: TrainingExamples, settings: TrainingSettings, folder: Path) -> Trained:
    """Fine-tune, keep the epoch that is best on a tenth of the examples, and label each example while it is held out.

    The tenth is never trained on, so its probabilities are honest. Of the other nine, each half is labelled by a model
    that has learnt from the other half: three trainings in all.
    """
    examples.check()
    labels = tuple(sorted(set(examples.labels)))
    folds = assign_folds(examples.labels, settings.seed, _VALIDATION_FOLDS)
    split = _Split(
        [index for index, fold in enumerate(folds) if fold], [index for index, fold in enumerate(folds) if not fold]
    )
    best = _train(examples, split, labels, settings)
    held_out = _predict_held_out(examples, split, best.student, settings)
    best.student.model.save_pretrained(folder)
    best.student.tokenizer.save_pretrained(folder)
    chosen = {"epoch": best.epoch, "held_out_accuracy": round(best.accuracy, 4), "held_out_rows": len(split.validation)}
    return Trained(best.student, held_out, {**chosen, "learning_rate": settings.learning_rate})


def load_transformer(folder: Path, labels: tuple[str, ...]) -> TransformerStudent:
    """Load the student of a folder, on the GPU if there is one."""
    model, tokenizer = _load_pretrained(str(folder), len(labels))
    return TransformerStudent(labels, model, tokenizer)


def _predict_held_out(
    examples: TrainingExamples, split: _Split, student: TransformerStudent, settings: TrainingSettings
) -> "Matrix":
    import numpy as np

    probabilities = np.zeros((len(examples.texts), len(student.labels)))
    probabilities[split.validation] = student.probabilities([examples.texts[index] for index in split.validation])
    halves = assign_folds([examples.labels[index] for index in split.training], settings.seed + 1, 2)
    for half in (0, 1):
        others = [index for index, of in zip(split.training, halves, strict=True) if of != half]
        own = [index for index, of in zip(split.training, halves, strict=True) if of == half]
        other = _train(examples, _Split(others, split.validation), student.labels, settings).student
        probabilities[own] = other.probabilities([examples.texts[index] for index in own])
    return probabilities


def _train(examples: TrainingExamples, split: _Split, labels: tuple[str, ...], settings: TrainingSettings) -> _Best:
    import torch

    torch.manual_seed(settings.seed)
    model, tokenizer = _load_pretrained(settings.model, len(labels))
    student = TransformerStudent(labels, model, tokenizer)
    steps = settings.epochs * math.ceil(len(split.training) / _BATCH)
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings.learning_rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _learning_rate_factor(step, steps))
    accuracy, best_epoch, weights = -1.0, 0, model.state_dict()
    for epoch in range(1, settings.epochs + 1):
        model.train()
        for batch in _shuffled_batches(split.training, settings.seed + epoch):
            optimizer.zero_grad()
            torch.autograd.backward(_loss(student, examples, batch))
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
        score = _accuracy(student, examples, split.validation)
        if score > accuracy:
            accuracy, best_epoch, weights = score, epoch, copy.deepcopy(model.state_dict())
    model.load_state_dict(weights)
    return _Best(student, best_epoch, accuracy)


def _loss(student: TransformerStudent, examples: TrainingExamples, indices: Sequence[int]) -> "Tensor":
    import torch

    model = student.model
    batch = _tokenize(student.tokenizer, [examples.texts[index] for index in indices], model.device)
    targets = torch.tensor([student.labels.index(examples.labels[index]) for index in indices], device=model.device)
    weights = torch.tensor([examples.weight(index) for index in indices], device=model.device)
    losses = torch.nn.functional.cross_entropy(model(**batch).logits.float(), targets, reduction="none")
    return (losses * weights).sum() / weights.sum()


def _accuracy(student: TransformerStudent, examples: TrainingExamples, indices: Sequence[int]) -> float:
    best = student.probabilities([examples.texts[index] for index in indices]).argmax(axis=1)
    right = [student.labels[label] == examples.labels[index] for label, index in zip(best, indices, strict=True)]
    return float(sum(right) / max(len(right), 1))


def _learning_rate_factor(step: int, steps: int) -> float:
    """Return the factor of a schedule that rises in the first steps, then falls to 0."""
    warmup = max(1, round(_WARMUP * steps))
    return min(1.0, (step + 1) / warmup) * max(0.0, (steps - step) / steps)


def _shuffled_batches(indices: Sequence[int], seed: int) -> Iterator[list[int]]:
    import numpy as np

    order = np.random.default_rng(seed).permutation(len(indices))
    for start in range(0, len(order), _BATCH):
        yield [indices[position] for position in order[start : start + _BATCH]]


def _tokenize(tokenizer: "PreTrainedTokenizerBase", texts: Sequence[str], target: "device") -> "BatchEncoding":
    limits = {"padding": True, "truncation": True, "max_length": _MOST_TOKENS}
    batch: BatchEncoding = tokenizer(list(texts), return_tensors="pt", **limits).to(target)
    return batch


def _load_pretrained(name: str, labels: int) -> "tuple[PreTrainedModel, PreTrainedTokenizerBase]":
    try:
        from transformers import AutoModelForSequenceClassification, AutoTokenizer
    except ImportError as error:
        raise RecipeError("transformers are not installed", where="model", remedy=_EXTRA) from error
    try:
        tokenizer = AutoTokenizer.from_pretrained(name)
        model = AutoModelForSequenceClassification.from_pretrained(name, num_labels=labels)
    except (OSError, ValueError) as error:
        message = f"{name} cannot be loaded: {error}"
        raise RecipeError(message, where="model", remedy="name a folder or a model of the hub") from error
    return model.to("cuda" if has_gpu() else "cpu"), tokenizer


def has_gpu() -> bool:
    """Return whether models are put on a GPU."""
    try:
        import torch
    except ImportError:
        return False
    return bool(torch.cuda.is_available())
