"""What Mixtral and GPT really answered, through prompts, gateway, parser and votes: the published figures come out.

Where the original drew a label at random and we leave the row without one, each difference is told by its row.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.replayed_teachers import DRAWS, Record, Replayed, read_records, replayed

FILES = ("mixtral_test", "gpt35_0613_test", "gpt4_0125_test")
LABELS = ("negative", "neutral", "positive")
PUBLISHED = {
    "mixtral_test": (0.9161, 0.9316, 0.9404),
    "gpt35_0613_test": (0.8477, 0.8698, 0.8830),
    "gpt4_0125_test": (0.9404, 0.8896, 0.8962),
}


@pytest.fixture(scope="module", params=FILES)
def teacher(
    request: pytest.FixtureRequest, real_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Replayed]]:
    records = read_records(real_data / "financial_sentiment" / f"{request.param}.csv")
    for made in replayed(tmp_path_factory.mktemp(request.param), records):
        yield request.param, made


def _labels_of(made: Replayed, table: str) -> dict[str, str | None]:
    return {row["text"]: row["label"] for row in made.rows(f"SELECT text, label FROM {{}}.{table}")}


def _differences(made: Replayed, table: str, column: str) -> dict[str, tuple[Record, str | None]]:
    """The rows of which the dataset says another thing than the published column."""
    labels = _labels_of(made, table)
    answers = {record["text"]: (record, labels.get(record["text"])) for record in made.records}
    return {text: (record, label) for text, (record, label) in answers.items() if label != record[column]}


def _accuracy(labels: dict[str, str | None], records: list[Record]) -> float:
    return sum(labels.get(record["text"]) == record["label_experts"] for record in records) / len(records)


def _drawn_by_chance(record: Record, draw: int) -> bool:
    return record[f"reason_iter{draw}"] == "FAIL"


def _readable(record: Record) -> list[str]:
    """The draws of a record that name a label."""
    draws = [record[f"sc_iter{n}"] for n in range(1, DRAWS + 1) if not _drawn_by_chance(record, n)]
    return [label for label in draws if label in LABELS]


def test_the_simple_prompt_gives_the_published_labels(teacher):
    name, made = teacher
    assert _differences(made, "direct", "label_llm") == {}
    assert round(_accuracy(_labels_of(made, "direct"), made.records), 4) == PUBLISHED[name][0]


def test_the_reasoned_prompt_differs_only_where_the_original_drew_by_chance(teacher):
    name, made = teacher
    differences = _differences(made, "reasoned", "label_llm_cot")
    assert all(label is None and _drawn_by_chance(record, 1) for record, label in differences.values())
    labels = _labels_of(made, "reasoned")
    chance = {text: record["label_llm_cot"] for text, (record, _) in differences.items()}
    assert round(_accuracy(labels | chance, made.records), 4) == PUBLISHED[name][1]
    assert len(labels) == len(made.records) - len(differences)


def test_the_vote_differs_only_where_there_was_no_majority_to_be_read(teacher):
    name, made = teacher
    differences = _differences(made, "votes", "label_llm_cot_multiple")
    for record, label in differences.values():
        counts = Counter(_readable(record)).most_common()
        assert label is None or label == counts[0][0]
        assert len(_readable(record)) < DRAWS or len(counts) == DRAWS
    chance = {text: record["label_llm_cot_multiple"] for text, (record, _) in differences.items()}
    assert round(_accuracy(_labels_of(made, "votes") | chance, made.records), 4) == PUBLISHED[name][2]


def test_what_cannot_be_read_is_a_reject_with_the_answer(teacher):
    _, made = teacher
    unread = sum(DRAWS - len(_readable(record)) for record in made.records)
    rejects = made.rows("SELECT reason, reply FROM {}.draws__rejects")
    assert len(rejects) == unread
    assert all(row["reply"] for row in rejects)
    assert made.one("SELECT count(*) FROM {}.draws") + unread == DRAWS * len(made.records)


def test_each_vote_is_about_one_sentence_and_names_its_draws(teacher):
    _, made = teacher
    assert made.one("SELECT count(*) - count(DISTINCT subject) FROM {}.votes") == 0
    assert made.one("SELECT sum(draws) FROM {}.votes") == made.one("SELECT count(*) FROM {}.draws")
    assert made.one(
        "SELECT count(*) FROM {}.votes v JOIN {}.sentences s ON s.row_id = v.subject AND s.text = v.text"
    ) == (made.one("SELECT count(*) FROM {}.votes"))
    assert made.one("SELECT bool_and(len(parent_ids) = greatest(draws, 1) AND len(said) = draws) FROM {}.votes")


def test_a_row_without_a_label_is_seen_with_what_was_said_of_it(teacher):
    """Why our figure is another than the published one, row by row, is in the lake: no answer, or a tie."""
    _, made = teacher
    assert made.one("SELECT count(*) FROM {}.votes") == len(made.records)
    without = made.rows("SELECT text, draws, said, tied FROM {}.votes WHERE label IS NULL")
    assert all(row["tied"] if row["draws"] else row["said"] == [] for row in without)
    assert len(without) == sum(label is None for _, label in _differences(made, "votes", "label_experts").values())


@pytest.fixture(scope="module")
def training(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replayed]:
    """The 1,811 training rows."""
    records = read_records(real_data / "financial_sentiment" / "mixtral_train.csv")
    yield from replayed(tmp_path_factory.mktemp("train"), records)


def test_leaning_towards_a_label_is_no_label(training):
    replies = {row["reply"] for row in training.rows("SELECT reply FROM {}.draws__rejects WHERE reply <> 'FAIL'")}
    assert len(replies) == 4
    for no_label in ("neutral leaning towards positive", "cannot be labeled", "none", "not_applicable"):
        assert any(no_label in reply for reply in replies)


def test_unanimous_votes_are_right_and_split_ones_are_often_wrong(training):
    right = "round(100 * avg((label IS NOT DISTINCT FROM label_experts)::INT), 1)"
    sql = f"SELECT share = 1 AND draws = 3 AS unanimous, {right} AS per_cent FROM {{}}.votes GROUP BY 1"
    answers = {row["unanimous"]: row["per_cent"] for row in training.rows(sql)}
    assert answers[True] >= 97.4
    assert answers[False] <= 65.0
