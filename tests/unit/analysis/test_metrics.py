"""Measures of agreement, against scikit-learn and against examples that have been published."""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from synth_assets.analysis.agreement import Comparison, Confusion, fleiss_kappa, krippendorff_alpha, wilson

PAIRS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=3, max_size=60)


@given(PAIRS)
def test_measures_are_those_of_scikit_learn(pairs):
    expert, given_ = zip(*pairs, strict=True)
    found = {m.name: m.value for m in Confusion.of(Counter(pairs)).measures() if m.label is None}
    labels = sorted({*expert, *given_})
    assert found["accuracy"] == pytest.approx(reference.accuracy_score(expert, given_))
    assert found["macro f1"] == pytest.approx(
        reference.f1_score(expert, given_, labels=labels, average="macro", zero_division=0)
    )
    assert found["micro f1"] == pytest.approx(found["accuracy"])
    recalls = reference.recall_score(expert, given_, labels=sorted(set(expert)), average="macro", zero_division=0)
    assert found["balanced accuracy"] == pytest.approx(recalls)
    if len(labels) > 1:
        assert found["cohen's kappa"] == pytest.approx(reference.cohen_kappa_score(expert, given_))


@given(PAIRS)
def test_an_interval_holds_its_value(pairs):
    for measure in Confusion.of(Counter(pairs)).measures():
        if measure.method.startswith("Wilson"):
            assert measure.low - 1e-9 <= measure.value <= measure.high + 1e-9


def test_the_same_rows_give_the_same_interval():
    confusion = Confusion.of({("a", "a"): 40, ("a", "b"): 5, ("b", "b"): 30})
    assert list(confusion.measures()) == list(confusion.measures())


def test_no_rows_make_no_measures():
    assert not list(Confusion.of({}).measures())
    assert math.isnan(wilson("accuracy", 0, 0).value)


def test_wilsons_interval_of_a_known_case():
    measure = wilson("accuracy", 415, 453)
    assert (round(measure.low, 4), round(measure.high, 4)) == (0.887, 0.9383)


@given(st.integers(1, 100_000).flatmap(lambda rows: st.tuples(st.integers(0, rows), st.just(rows))))
def test_wilsons_interval_is_that_of_the_formula(case):
    """With the quantile rounded to 1.959964, as it was in all tables made before."""
    hits, rows = case
    share, extra = hits / rows, 1.959964**2 / rows
    middle = (share + extra / 2) / (1 + extra)
    half = 1.959964 / (1 + extra) * math.sqrt(share * (1 - share) / rows + extra / (4 * rows))
    measure = wilson("accuracy", hits, rows)
    assert measure.value == share
    assert measure.low == pytest.approx(max(0.0, middle - half), abs=1e-12)
    assert measure.high == pytest.approx(min(1.0, middle + half), abs=1e-12)


FLEISS = ["00 00 00 00 14", "00 02 06 04 02", "00 00 03 05 06", "00 03 09 02 00", "02 02 08 01 01",
          "07 07 00 00 00", "03 02 06 03 00", "02 05 03 02 02", "06 05 02 01 00", "00 02 02 03 07"]  # fmt: skip


def test_fleiss_kappa_of_the_textbook_case():
    patterns = [({str(k): int(n) for k, n in enumerate(row.split()) if int(n)}, 1) for row in FLEISS]
    measure = fleiss_kappa(patterns)
    assert measure is not None
    assert round(measure.value, 3) == 0.210


def test_krippendorffs_alpha_of_his_own_example():
    """Four observers, twelve units, gaps: nominal alpha is 0.743."""
    units = ["111", "2232", "3333", "3333", "2222", "1234", "4444", "1121", "2222", "555", "11", "3"]
    measure = krippendorff_alpha([(Counter(unit), 1) for unit in units])
    assert measure is not None
    assert round(measure.value, 3) == 0.743


@pytest.mark.parametrize("agreement", [fleiss_kappa, krippendorff_alpha])
def test_agreement_of_one_rating_each_is_none(agreement):
    assert agreement([({"a": 1}, 5)]) is None


def test_mcnemar_is_exact():
    assert Comparison(50, 0, 10, 5).p_value() == pytest.approx(2 / 2**10)
    assert Comparison(50, 7, 7, 5).p_value() == 1
    assert Comparison(50, 3_000, 3_300, 5).p_value() == pytest.approx(0.000166, rel=0.02)
    assert Comparison(50, 0, 0, 5).p_value() == 1


@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemar_is_twice_the_smaller_tail(first, second):
    split = first + second
    tail = sum(math.comb(split, k) for k in range(min(first, second) + 1)) / 2**split
    assert Comparison(9, first, second, 9).p_value() == pytest.approx(min(1.0, 2 * tail), abs=1e-12)
