"""The larger student: a transformer fine-tuned on the teacher's labels. Needs the extra `train`."""

import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synth_assets.core.errors import RecipeError
from synth_assets.students.student import Trained, TrainingExamples, folds_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

_BATCH = 32
_MOST_TOKENS = 256
_WARMUP = 0.06
_HOLDOUT_OF = 10
_EXTRA = "pip install 'synth-assets[train]'"


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """What is fine-tuned, and how."""

    model: str
    epochs: int
    learning_rate: float
    seed: int = 0


@dataclass(frozen=True, slots=True)
class TransformerStudent:
    """A fine-tuned classifier with its tokenizer."""

    labels: tuple[str, ...]
    model: Any
    tokenizer: Any

    def probabilities(self, texts: Sequence[str]) -> "Matrix":
        """For each text, how likely each label is."""
        import numpy as np
        import torch

        self.model.eval()
        found = []
        with torch.inference_mode():
            for start in range(0, len(texts), _BATCH):
                batch = _tokens(self.tokenizer, texts[start : start + _BATCH], self.model.device)
                found.append(self.model(**batch).logits.float().softmax(-1).cpu().numpy())
        return np.concatenate(found).astype(float) if found else np.zeros((0, len(self.labels)))


def fine_tune(lessons: TrainingExamples, recipe: TrainingSettings, folder: Path) -> Trained:
    """Fine-tunes, keeps the epoch that is best on a tenth of the lessons, and judges each lesson while it is held out.

    The tenth is never trained on, so what is said of it is honest. Of the other nine, each half is judged by a model
    that learnt from the other half: three trainings in all.
    """
    lessons.check()
    names = tuple(sorted(set(lessons.labels)))
    tenths = folds_of(lessons.labels, recipe.seed, _HOLDOUT_OF)
    inside = [place for place, tenth in enumerate(tenths) if tenth]
    outside = [place for place, tenth in enumerate(tenths) if not tenth]
    student, epochs, score = _trained(lessons, (inside, outside), names, recipe)
    held_out = _judged(lessons, (inside, outside), student, recipe)
    student.model.save_pretrained(folder)
    student.tokenizer.save_pretrained(folder)
    chosen = {"epoch": epochs, "held_out_accuracy": round(score, 4), "held_out_rows": len(outside)}
    return Trained(student, held_out, {**chosen, "learning_rate": recipe.learning_rate})


def load_transformer(folder: Path, labels: tuple[str, ...]) -> TransformerStudent:
    """The student of a folder, on the GPU where there is one."""
    model, tokenizer = _opened(str(folder), len(labels))
    return TransformerStudent(labels, model, tokenizer)


def _judged(
    lessons: TrainingExamples, parts: tuple[list[int], list[int]], student: TransformerStudent, recipe: TrainingSettings
) -> "Matrix":
    import numpy as np

    inside, outside = parts
    found = np.zeros((len(lessons.texts), len(student.labels)))
    found[outside] = student.probabilities([lessons.texts[place] for place in outside])
    halves = folds_of([lessons.labels[place] for place in inside], recipe.seed + 1, 2)
    for half in (0, 1):
        learnt = [place for place, of in zip(inside, halves, strict=True) if of != half]
        judged = [place for place, of in zip(inside, halves, strict=True) if of == half]
        other, _, _ = _trained(lessons, (learnt, outside), student.labels, recipe)
        found[judged] = other.probabilities([lessons.texts[place] for place in judged])
    return found


def _trained(
    lessons: TrainingExamples, parts: tuple[list[int], list[int]], names: tuple[str, ...], recipe: TrainingSettings
) -> tuple[TransformerStudent, int, float]:
    """The model after its best epoch, which epoch that was, and its share of right labels outside."""
    import torch

    torch.manual_seed(recipe.seed)
    model, tokenizer = _opened(recipe.model, len(names))
    student = TransformerStudent(names, model, tokenizer)
    inside, outside = parts
    steps = recipe.epochs * math.ceil(len(inside) / _BATCH)
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.learning_rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _slope(step, steps))
    best: tuple[float, int, Any] = (-1.0, 0, None)
    for epoch in range(1, recipe.epochs + 1):
        model.train()
        for places in _shuffled(inside, recipe.seed + epoch):
            optimizer.zero_grad()
            _loss(student, lessons, places).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
        score = _score(student, lessons, outside)
        if score > best[0]:
            best = (score, epoch, copy.deepcopy(model.state_dict()))
    model.load_state_dict(best[2])
    return student, best[1], best[0]


def _loss(student: TransformerStudent, lessons: TrainingExamples, places: Sequence[int]) -> Any:
    import torch

    model = student.model
    logits = model(**_tokens(student.tokenizer, [lessons.texts[place] for place in places], model.device)).logits
    wanted = torch.tensor([student.labels.index(lessons.labels[place]) for place in places], device=model.device)
    weights = torch.tensor([lessons.weight(place) for place in places], device=model.device)
    losses = torch.nn.functional.cross_entropy(logits.float(), wanted, reduction="none")
    return (losses * weights).sum() / weights.sum()


def _score(student: TransformerStudent, lessons: TrainingExamples, places: Sequence[int]) -> float:
    said = student.probabilities([lessons.texts[place] for place in places]).argmax(axis=1)
    right = [student.labels[best] == lessons.labels[place] for best, place in zip(said, places, strict=True)]
    return float(sum(right) / max(len(right), 1))


def _slope(step: int, steps: int) -> float:
    """Up in the first steps, then down to nothing."""
    rising = max(1, round(_WARMUP * steps))
    return min(1.0, (step + 1) / rising) * max(0.0, (steps - step) / steps)


def _shuffled(places: Sequence[int], seed: int) -> Iterator[list[int]]:
    import numpy as np

    order = np.random.default_rng(seed).permutation(len(places))
    for start in range(0, len(order), _BATCH):
        yield [places[place] for place in order[start : start + _BATCH]]


def _tokens(tokenizer: Any, texts: Sequence[str], device: Any) -> Any:
    return tokenizer(
        list(texts), padding=True, truncation=True, max_length=_MOST_TOKENS, return_tensors="pt"
    ).to(device)  # fmt: skip


def _opened(name: str, labels: int) -> tuple[Any, Any]:
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
    """Whether a model is put on a GPU."""
    try:
        import torch
    except ImportError:
        return False
    return bool(torch.cuda.is_available())
