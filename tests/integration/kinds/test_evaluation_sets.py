"""Training data against evaluation sets that come from files: each shared run of words names the set and the row."""

import json
from pathlib import Path

import pytest

from synth_assets.engine import Engine
from synth_assets.recipes import load_recipe
from synth_assets.settings import load

EXAM = "at dawn seven grey geese crossed the frozen river beside an old stone mill"
RECIPE = """
stages:
  texts: {{kind: source, inline: {texts}, columns: {{id: text, text: text}}, id: id}}
  exam: {{kind: source, files: exam.jsonl, columns: {{prompt: text}}}}
  quiz: {{kind: source, files: quiz.csv, columns: {{question: text}}}}
  clean: {{kind: decontaminate, from: texts, columns: text, against: {{exam: prompt, quiz: question}}, words: {words}}}
"""


@pytest.mark.parametrize("words", [8, 10, 13])
def test_a_run_of_so_many_words_is_found_and_a_shorter_one_is_not(tmp_path: Path, words: int) -> None:
    exam_words = EXAM.split()
    runs = [" ".join(exam_words[:count]) for count in range(6, 14)]
    texts = [{"id": f"{len(run.split())}", "text": f"They say {run}, or so."} for run in runs]
    texts.append(
        {"id": "quiz", "text": "So: what is the capital of the country that lies between Peru, Brazil and Chile?"}
    )
    (tmp_path / "exam.jsonl").write_text(json.dumps({"prompt": f"{EXAM}. What is left?"}) + "\n")
    (tmp_path / "quiz.csv").write_text(
        'question\n"What is the capital of the country that lies between Peru, Brazil and Chile?"\n'
    )
    (tmp_path / "mine.yaml").write_text(RECIPE.format(texts=json.dumps(texts), words=words))
    with Engine(load({}, tmp_path)) as engine:
        engine.run_recipe(load_recipe(tmp_path / "mine.yaml"))
        kept = {row["id"] for row in engine.lake.rows("SELECT id FROM mine.clean")}
        assert kept == {str(count) for count in range(6, words)}
        rejects = engine.lake.rows("SELECT reason, detail, row FROM mine.clean__rejects")
        twins = {name: engine.lake.rows(f"SELECT row_id FROM mine.{name}")[0]["row_id"] for name in ("exam", "quiz")}
        for reject in rejects:
            name = reject["reason"].removeprefix("shares words with ")
            twin, shared = reject["detail"].split(": ")
            assert twin == twins[name]
            assert len(shared.split()) == words
            assert (json.loads(reject["row"])["id"] == "quiz") == (name == "quiz")
        assert len(rejects) + len(kept) == len(texts)
