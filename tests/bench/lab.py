"""The four LAB steps at full speed: rows a second of each stage, and how much of what came in each accepted.

    python tests/bench/lab.py [QUESTIONS …]        (default: 2000 20000)

The offline teacher answers in the process: this is prompts, parsers, verdicts, the ledger and the lake. Its questions
are made of few words, so the near-duplicates among them are many, and its judge turns away one in twenty or so.
"""

import json
import sys
import tempfile
from pathlib import Path

LEAVES = 40
RECIPE = """
teacher: {{model: offline}}
stages:
  seeds: {{kind: source, files: seeds.jsonl, columns: {{task: text, examples: texts}}}}
  questions: {{kind: questions, from: seeds, task: "{{{{ task }}}}", examples: examples, count: {count}}}
  distinct: {{kind: deduplicate, from: questions, column: question, threshold: 0.8}}
  judged: {{kind: judge, from: distinct, work: "{{{{ question }}}}", rubric: Good., scale: binary, keep: ">= 1"}}
  pairs: {{kind: answers, from: judged}}
  kept: {{kind: judge, from: pairs, work: "{{{{ question }}}} {{{{ answer }}}}", rubric: Good., scale: 1..3,
         keep: ">= 2", score: pair, explanation: why}}
"""


def write_seeds(path: Path) -> None:
    """Leaves whose words have nothing to do with each other."""
    with path.open("w", encoding="utf-8") as file:
        for leaf in range(LEAVES):
            words = [
                f"{stem}{chr(97 + leaf % 26)}{chr(97 + leaf // 26)}"
                for stem in ("garden", "letter", "winter", "bridge")
            ]
            examples = [f"Write about {one} and {other}, please." for one in words for other in words if one != other]
            file.write(json.dumps({"task": f"{words[0]} and {words[1]}", "examples": examples}) + "\n")


def main(sizes: list[int]) -> None:
    from synth_assets.engine import Engine
    from synth_assets.recipes import load_recipe
    from synth_assets.settings import load

    print(f"{'stage':>10} {'rows in':>8} {'rows':>8} {'accepted':>9} {'calls':>7} {'seconds':>8} {'rows/s':>8}")
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            write_seeds(home / "seeds.jsonl")
            (home / "bench.yaml").write_text(RECIPE.format(count=size // LEAVES))
            with Engine(load({}, home)) as engine:
                for result in engine.run_recipe(load_recipe(home / "bench.yaml")).results:
                    tally = result.tally
                    made, name = tally.rows + tally.rejects, result.table.split(".")[1]
                    print(
                        f"{name:>10} {tally.input_rows:>8} {tally.rows:>8} {tally.rows / made:>9.1%}"
                        f" {tally.calls:>7} {result.duration_s:>8.1f} {made / result.duration_s:>8.0f}",
                        flush=True,
                    )


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [2_000, 20_000])
