"""The four LAB steps, end to end on a real lake: questions, their judge, answers, the judge of the pairs."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from synth_assets.core.canonical import Json
from synth_assets.core.stage import Ask, Row
from synth_assets.engine import Engine, RunSelection, StageResult, plan
from synth_assets.recipes import find_recipes, load_recipe
from synth_assets.settings import load
from tests.support.asking import shown

GOLDEN = Path(__file__).parents[2] / "golden" / "informal_emails"
SHIPPED = find_recipes(load({})).recipes
ONE_TO_ONE = {"judge", "deduplicate", "decontaminate", "best", "compare"}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with Engine(load({}, tmp_path)) as opened:
        yield opened


def run(engine: Engine, folder: Path, text: str) -> dict[str, StageResult]:
    path = folder / "mine.yaml"
    path.write_text(text, "utf-8")
    return _by_stage(engine.run_recipe(load_recipe(path)).results)


def _by_stage(results: Iterator[StageResult]) -> dict[str, StageResult]:
    return {result.table.split(".")[1]: result for result in results}


@pytest.mark.parametrize("name", ["informal_emails", "taxonomy"])
def test_the_shipped_recipes_run_without_a_key(engine: Engine, name: str) -> None:
    recipe = SHIPPED[name]
    results = _by_stage(engine.run_recipe(recipe).results)
    for stage, result in results.items():
        if recipe.stages[stage].kind in ONE_TO_ONE:
            assert result.tally.input_rows == result.tally.rows + result.tally.rejects, stage
        assert result.tally.failures == 0
    asked = results["questions"].tally
    assert asked.rows + asked.rejects == 30 * asked.input_rows, "30 questions a leaf, each a row or a reject"
    assert results["judged_pairs"].tally.rows >= asked.rows / 2
    folder = results["finetune"].folder
    assert folder is not None
    lines = [json.loads(line) for line in (folder / "train.jsonl").read_text("utf-8").splitlines()]
    assert [turn["role"] for turn in lines[0]["messages"]] == ["user", "assistant"]
    scores = engine.lake.rows(f"SELECT DISTINCT question_score, score FROM {name}.judged_pairs ORDER BY ALL")
    assert [(row["question_score"], row["score"]) for row in scores] == [(1, 2), (1, 3)]
    assert all(result.reused for result in engine.run_recipe(recipe).results if "leaves" not in result.table)


def test_the_goal_that_the_recipe_offers_is_reached_in_rounds(engine: Engine, tmp_path: Path) -> None:
    text = SHIPPED["informal_emails"].path.read_text("utf-8").replace("# goal:", "goal:")
    results = run(engine, tmp_path, text.replace("  model: mistral-small-latest", "  model: offline"))
    goal = results["questions"].rounds
    assert goal is not None
    assert (goal.reached, len(goal.rounds)) == (True, 2)
    assert results["judged_pairs"].tally.rows == results["finetune"].tally.rows == 40


def test_every_pair_keeps_the_path_of_its_leaf(engine: Engine) -> None:
    run_all = engine.run_recipe(SHIPPED["taxonomy"]).results
    assert len(list(run_all)) == 8
    leaves = engine.lake.rows("SELECT DISTINCT leaf FROM taxonomy.judged_pairs ORDER BY 1")
    folder = SHIPPED["taxonomy"].path.parent / "taxonomy"
    wanted = sorted(path.parent.relative_to(folder).as_posix() for path in folder.rglob("qna.yaml"))
    assert [row["leaf"] for row in leaves] == wanted
    yields = engine.lake.rows("SELECT part, rows FROM taxonomy.variety")
    assert yields == engine.lake.rows(
        "SELECT leaf AS part, count(*) AS rows FROM taxonomy.judged_pairs GROUP BY 1 ORDER BY 1"
    )


def test_the_16_leaves_of_the_shared_taxonomy_run(engine: Engine, tmp_path: Path, real_data: Path) -> None:
    text = SHIPPED["taxonomy"].path.read_text("utf-8")
    folder = json.dumps(str(real_data / "instructions" / "taxonomy"))
    mine = text.replace("folder: taxonomy", f"folder: {folder}").replace("count: 30", "count: 6")
    mine = mine.replace("teacher:\n  model: mistral-small-latest", "teacher:\n  model: offline")
    results = run(engine, tmp_path, mine)
    assert results["leaves"].tally.rows == 32
    assert results["questions"].tally.rows + results["questions"].tally.rejects == 6 * 32
    (row,) = engine.lake.rows("SELECT count(DISTINCT leaf) AS leaves FROM mine.judged_pairs")
    assert row["leaves"] == 16


SEED_TASKS = """
teacher: {{model: offline}}
stages:
  seeds:
    kind: source
    files: {path}
    columns: {{id: text, name: text, instruction: text, is_classification: boolean}}
    id: id
  questions:
    kind: questions
    from: seeds
    task: "{{{{ name | replace('_', ' ') }}}}"
    examples: instruction
    into: instruction
    count: 2
"""


def test_self_instruct_seed_tasks_are_seeds_too(engine: Engine, tmp_path: Path, real_data: Path) -> None:
    path = json.dumps(str(real_data / "instructions" / "seed_tasks.jsonl"))
    results = run(engine, tmp_path, SEED_TASKS.format(path=path))
    assert (results["seeds"].tally.rows, results["seeds"].tally.rejects) == (175, 0)
    assert results["questions"].tally.rows + results["questions"].tally.rejects == 350


CHAIN = """
teacher: {{model: offline}}
stages:
  seeds:
    kind: source
    inline: [{{task: riddles, examples: ["What has keys but opens no door?", "What runs but never walks?"]}}]
    columns: {{task: text, examples: texts}}
  questions: {{kind: questions, from: seeds, task: "{{{{ task }}}}", examples: examples, count: 40, per_call: 5}}
  distinct:
    {{kind: deduplicate, from: questions, column: question, against: {{seeds: examples}}, threshold: {threshold}}}
  exam:
    kind: source
    inline: [{{text: What runs but never walks and is also something else entirely after all}}]
    columns: {{text: text}}
  clean: {{kind: decontaminate, from: distinct, columns: question, against: {{exam: text}}}}
  pairs: {{kind: answers, from: clean}}
"""


def test_a_question_names_its_own_call_alone(engine: Engine, tmp_path: Path) -> None:
    run(engine, tmp_path, CHAIN.format(threshold=0.7))
    rows = engine.lake.rows("SELECT len(call_keys) AS calls, count(*) AS n FROM mine.questions GROUP BY 1")
    assert [row["calls"] for row in rows] == [1]
    (calls,) = engine.lake.rows("SELECT count(DISTINCT call_keys) AS calls FROM mine.questions")
    assert calls["calls"] == 8
    (lost,) = engine.lake.rows(
        "SELECT count(*) AS n FROM mine.questions q JOIN ops.calls c ON c.call_key = q.call_keys[1]"
        " WHERE NOT contains(c.reply, q.question)"
    )
    assert lost["n"] == 0, "and that reply holds it"


def test_a_removed_row_names_its_twin(engine: Engine, tmp_path: Path) -> None:
    run(engine, tmp_path, CHAIN.format(threshold=0.3))
    rejects = engine.lake.rows(
        "SELECT detail, parent_ids FROM mine.distinct__rejects WHERE reason = 'like an earlier row'"
    )
    kept = {row["parent_ids"][0]: row["row_id"] for row in engine.lake.rows("SELECT * FROM mine.distinct")}
    assert rejects
    for reject in rejects:
        twin = reject["detail"].split("like ")[1].split(":")[0]
        assert twin in kept
        assert reject["parent_ids"][0] not in kept


def test_the_plan_is_exact_through_a_sift(engine: Engine, tmp_path: Path) -> None:
    run(engine, tmp_path, CHAIN.format(threshold=0.3))
    path = tmp_path / "mine.yaml"
    path.write_text(CHAIN.format(threshold=0.9), "utf-8")
    planned = {line.table.split(".")[1]: line for line in plan(engine, load_recipe(path), RunSelection())}
    results = run(engine, tmp_path, path.read_text("utf-8"))
    for stage in ("distinct", "clean"):
        line, tally = planned[stage], results[stage].tally
        assert (line.rows, line.rejects, line.unknown_rows) == (tally.rows, tally.rejects, 0)
    assert planned["pairs"].calls == results["pairs"].tally.calls > 0
    assert planned["pairs"].hits == results["pairs"].tally.hits > 0


@pytest.mark.parametrize("name", ["informal_emails", "taxonomy"])
def test_a_first_plan_reckons_with_the_rows_to_come(engine: Engine, name: str) -> None:
    """Nothing is known but the seeds, and yet the calls are those of the run or some more, and no prompt is free."""
    planned = {line.table: line for line in plan(engine, SHIPPED[name], RunSelection())}
    calls = sum(line.calls + line.calls_estimated for line in planned.values())
    made = {result.table: result.tally for result in engine.run_recipe(SHIPPED[name]).results}
    bought = sum(tally.calls for tally in made.values())
    assert bought <= calls <= 1.25 * bought
    for table, tally in made.items():
        assert tally.rows <= planned[table].rows + planned[table].unknown_rows
        if tally.calls:
            assert 1 / 3 < planned[table].estimate.prompt_tokens / tally.prompt_tokens < 3, table


def test_a_first_plan_counts_draws_candidates_and_pairs(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(CHAIN.format(threshold=0.7) + ALL_SORTS, "utf-8")
    planned = {line.table.split(".")[1]: line for line in plan(engine, load_recipe(path), RunSelection())}
    estimates = {stage: (line.calls_estimated, line.unknown_rows) for stage, line in planned.items()}
    assert (planned["questions"].calls, planned["questions"].unknown_rows) == (8, 40)
    assert estimates["three"] == (120, 120), "40 questions, three answers to each"
    assert estimates["judged"] == (5 * 120, 120), "five verdicts on each, one row"
    assert estimates["drawn"] == (80, 80)
    assert estimates["together"] == (160, 40), "four answers to each question, in one row"
    assert estimates["compared"] == (40 * 6 * 2, 40), "six pairs of four, in both orders"


ALL_SORTS = """
  three: {kind: answers, from: clean, candidates: 3}
  judged: {kind: judge, from: three, work: "{{ answer }}", rubric: Is it good, scale: binary, draws: 5}
  drawn: {kind: generate, from: clean, prompt: "{{ question }}", draws: 2}
  together: {kind: answers, from: clean, candidates: 4, together: true}
  compared: {kind: compare, from: together, question: "{{ question }}"}
"""


PREFERENCES = """
teacher: {model: offline}
stages:
  asked:
    kind: source
    inline: [{question: "Why is the sea salty?"}, {question: "How do kites fly?"}, {question: "What is a prime?"}]
    columns: {question: text}
  candidates: {kind: answers, from: asked, candidates: 3, together: true}
  preferences: {kind: compare, from: candidates, question: "{{ question }}"}
  dpo: {kind: preference_jsonl, from: preferences, validation: 0}
  many: {kind: answers, from: asked, candidates: 4}
  scored: {kind: judge, from: many, work: "{{ question }} {{ answer }}", rubric: Is it good, scale: 1..10, draws: 3}
  best: {kind: best, from: scored}
"""


def test_preferences_are_exported_and_the_best_of_several_stays(engine: Engine, tmp_path: Path) -> None:
    results = run(engine, tmp_path, PREFERENCES)
    folder = results["dpo"].folder
    assert folder is not None
    lines = [json.loads(line) for line in (folder / "train.jsonl").read_text("utf-8").splitlines()]
    assert len(lines) == results["preferences"].tally.rows >= 1
    assert all(line["chosen"] != line["rejected"] for line in lines)
    assert json.loads((folder / "manifest.json").read_text("utf-8"))["format"] == "trl"
    assert (results["best"].tally.rows, results["best"].tally.rejects) == (3, 9)
    best = engine.lake.rows("SELECT question, score FROM mine.best ORDER BY 1")
    highest = engine.lake.rows("SELECT question, max(score) AS score FROM mine.scored GROUP BY 1 ORDER BY 1")
    assert best == highest


ARTICLE = """
teacher: {model: mixtral, base_url: "http://127.0.0.1:9", api_key_env: NONE}
stages:
  seeds:
    kind: source
    inline: [{task: writing informal emails}]
    columns: {task: text}
  questions: {kind: questions, from: seeds, task: "{{ task }}", count: 5}
  judged_questions: {kind: judge, from: questions, work: "{{ question }}", rubric: Is it fit, scale: binary,
                     keep: ">= 1", score: fit, explanation: fit_why}
  pairs: {kind: answers, from: judged_questions}
  judged_pairs: {kind: judge, from: pairs, work: "{{ question }} / {{ answer }}", rubric: 1 to 3, scale: 1..3,
                 form: text, keep: ">= 2"}
"""


def test_the_prompt_of_the_article_asks_for_five_questions_on_informal_emails(tmp_path: Path) -> None:
    path = tmp_path / "article.yaml"
    path.write_text(ARTICLE, "utf-8")
    asking = load_recipe(path).stages["questions"]
    assert isinstance(asking, Ask)
    (request,) = asking.requests(Row("", {"task": "writing informal emails"}))
    assert shown(request) == (GOLDEN / "request.txt").read_text("utf-8")


def test_the_texts_of_the_article_go_through_every_step(tmp_path: Path) -> None:
    """Five questions on informal e-mails in the numbered format, an e-mail, and the verdict `Score: 3` with its why."""
    path = tmp_path / "article.yaml"
    path.write_text(ARTICLE, "utf-8")
    recipe = load_recipe(path)
    listed, mail, verdict = ((GOLDEN / f"{name}.txt").read_text("utf-8") for name in ("questions", "answer", "verdict"))
    wanted = [line for line in listed.splitlines() if line and not line.startswith("#")]

    def recorded(stage: str, values: Mapping[str, Json], text: str) -> str:
        asking = recipe.stages[stage]
        assert isinstance(asking, Ask)
        (request,) = asking.requests(Row("", values))
        record = {"messages": [message.to_json() for message in request.messages], "draw": 0, "text": text}
        return json.dumps(record) + "\n"

    lines = [recorded("questions", {"task": "writing informal emails"}, listed)]
    for index, question in enumerate(wanted):
        fit = json.dumps({"explanation": "Clear and safe.", "score": int(index != 4)})
        pair: dict[str, Json] = {"question": question, "answer": mail.strip()}
        lines += [recorded("judged_questions", pair, fit), recorded("pairs", pair, mail)]
        lines.append(recorded("judged_pairs", pair, verdict if index == 0 else "Off the point.\n\n**Score:** 1"))
    (tmp_path / "recording.jsonl").write_text("".join(lines), "utf-8")
    with Engine(load({"SYNTH_TEACHER": f"replay:{tmp_path / 'recording.jsonl'}"}, tmp_path)) as engine:
        engine.run_recipe(recipe)
        questions: list[dict[str, Any]] = engine.lake.rows("SELECT question FROM article.questions")
        assert [row["question"] for row in questions] == wanted
        (row,) = engine.lake.rows("SELECT * FROM article.judged_pairs")
        assert (row["question"], row["answer"], row["score"]) == (wanted[0], mail.strip(), 3)
        assert row["explanation"] == verdict.partition("\n\nScore")[0]
        reasons = "SELECT reason, count(*) AS n FROM article.{}__rejects GROUP BY 1"
        assert engine.lake.rows(reasons.format("judged_questions")) == [{"reason": "fit 0 is not >= 1", "n": 1}]
        assert engine.lake.rows(reasons.format("judged_pairs")) == [{"reason": "score 1 is not >= 2", "n": 3}]
