"""Measures of sets of labels, against scikit-learn, against counting pair by pair, and by their laws."""

import random
from collections import Counter
from collections.abc import Sequence
from itertools import permutations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference
from sklearn.preprocessing import MultiLabelBinarizer

from synth_assets.analysis.agreement import krippendorff_alpha
from synth_assets.analysis.label_sets import LabelSet, SetPairs, alphas

SETS = st.sets(st.sampled_from("abcd")).map(lambda labels: tuple(sorted(labels)))
PAIRS = st.lists(st.tuples(SETS, SETS), min_size=1, max_size=40)


def overall(pairs: Sequence[tuple[LabelSet, LabelSet]]) -> dict[str, float]:
    return {m.name: m.value for m in SetPairs.of(Counter(pairs)).measures() if m.label is None}


def by_label(pairs: Sequence[tuple[LabelSet, LabelSet]], label: str) -> dict[str, float]:
    return {m.name: m.value for m in SetPairs.of(Counter(pairs)).measures() if m.label == label}


@settings(max_examples=60)
@given(PAIRS)
def test_measures_are_those_of_scikit_learn(pairs):
    labels = sorted({label for pair in pairs for each in pair for label in each})
    assume(len(labels) > 1)  # scikit-learn takes one column for classes 0 and 1
    binary = MultiLabelBinarizer(classes=labels)
    expert, given_ = (binary.fit_transform(list(side)) for side in zip(*pairs, strict=True))
    found = overall(pairs)
    assert found["exact match"] == pytest.approx(reference.accuracy_score(expert, given_))
    assert found["hamming loss"] == pytest.approx(reference.hamming_loss(expert, given_))
    for average in ("micro", "macro"):
        expected = reference.f1_score(expert, given_, average=average, zero_division=0)
        assert found[f"{average} f1"] == pytest.approx(expected)
    jaccard = reference.jaccard_score(expert, given_, average="samples", zero_division=1)
    assert found["mean jaccard"] == pytest.approx(jaccard)
    precision, recall, f1, support = reference.precision_recall_fscore_support(expert, given_, zero_division=0)
    for index, label in enumerate(labels):
        own = by_label(pairs, label)
        assert own["support"] == support[index]
        assert own["f1"] == pytest.approx(f1[index])
        if given_[:, index].any():
            assert own["precision"] == pytest.approx(precision[index])
        if expert[:, index].any():
            assert own["recall"] == pytest.approx(recall[index])
        if not (expert[:, index].all() and given_[:, index].all()):
            kappa = reference.cohen_kappa_score(expert[:, index], given_[:, index])
            assert own["cohen's kappa"] == pytest.approx(kappa)


def test_rows_without_any_label_are_exact_matches_and_nothing_else_can_be_said():
    assert overall([((), ())]) == {"exact match": 1}
    assert not overall([])


@settings(max_examples=30)
@given(PAIRS, st.integers(0, 99))
def test_the_order_of_the_rows_never_matters(pairs, seed):
    shuffled = random.Random(seed).sample(pairs, len(pairs))
    assert list(map(repr, SetPairs.of(Counter(pairs)).measures())) == list(
        map(repr, SetPairs.of(Counter(shuffled)).measures())
    )


def test_an_interval_narrows_with_the_rows_and_holds_its_value():
    pairs = {(("a", "b"), ("a",)): 3, (("a",), ("a",)): 5, ((), ("b",)): 1, (("b",), ("b",)): 4}
    few = {(m.name, m.label): m for m in SetPairs.of(pairs).measures() if m.low is not None}
    many = {(m.name, m.label): m for m in SetPairs.of({pair: 50 * n for pair, n in pairs.items()}).measures()}
    assert {"mean jaccard", "hamming loss", "micro f1", "macro f1", "exact match"} <= {name for name, _ in few}
    for key, measure in few.items():
        assert measure.low - 1e-9 <= measure.value <= measure.high + 1e-9
        assert many[key].value == pytest.approx(measure.value)
        assert many[key].high - many[key].low < max(measure.high - measure.low, 1e-9)


def test_more_pairs_than_are_drawn_at_once_give_the_same_measures(monkeypatch):
    pairs = SetPairs.of({((chr(97 + n % 7),), (chr(97 + n % 5), "z")): n + 1 for n in range(35)})
    at_once = list(pairs.measures())
    monkeypatch.setattr("synth_assets.analysis.label_sets._DRAWN_AT_ONCE", 3 * len(pairs.counts))
    assert list(pairs.measures()) == at_once


UNITS = st.lists(st.lists(SETS, max_size=4), max_size=12)


def alphas_of(units: Sequence[Sequence[LabelSet]]) -> dict[str | None, float]:
    """Counted as the stage counts in SQL."""
    rated = [unit for unit in units if len(unit) > 1]
    named: dict[str, Counter[tuple[int, int]]] = {}
    for unit in rated:
        for label, yes in Counter(label for labels in unit for label in labels).items():
            named.setdefault(label, Counter())[len(unit), yes] += 1
    return {each.label: each.value for each in alphas(Counter(map(len, rated)), named)}


@given(UNITS)
def test_alpha_is_one_less_observed_by_expected_differences_counted_pair_by_pair(units):
    rated = [unit for unit in units if len(unit) > 1]
    if not rated:
        assert not alphas_of(units)
        return
    ratings = [labels for unit in rated for labels in unit]
    seen = sum(len(set(a) ^ set(b)) / (len(unit) - 1) for unit in rated for a, b in permutations(unit, 2))
    chance = sum(len(set(a) ^ set(b)) for a, b in permutations(ratings, 2)) / (len(ratings) - 1)
    assert alphas_of(units)[None] == pytest.approx(1 - seen / chance if chance else 1)


@given(UNITS)
def test_alpha_of_a_label_is_the_nominal_one_of_named_or_not(units):
    for label, value in alphas_of(units).items():
        if label is not None:
            single = krippendorff_alpha([(Counter(str(label in labels) for labels in unit), 1) for unit in units])
            assert single is not None
            assert value == pytest.approx(single.value)


def test_of_single_labels_alpha_is_krippendorffs_own_example():
    units = ["111", "2232", "3333", "3333", "2222", "1234", "4444", "1121", "2222", "555", "11", "3"]
    found = alphas_of([[(label,) for label in unit] for unit in units])
    assert round(found[None], 3) == 0.743


def test_draws_that_all_say_none_of_the_labels_agree():
    assert alphas_of([[(), ()], [(), (), ()]]) == {None: 1}
