"""A recipe that is wrong says where (file, line, key), what, and what was probably meant: all at once."""

import pytest

from synth_assets.kinds import kinds
from synth_assets.recipes import BrokenRecipe, load_recipe


def with_stage(keys: str) -> str:
    return "stages:\n  raw: {kind: source, sample: dialogs}\n  told:\n" + keys


CASES = {
    "unknown key": (
        with_stage("    kind: rewrite\n    form: raw\n    instruction: x\n"),
        [
            "mine.yaml:3 stages.told.from: this key is needed",
            'mine.yaml:5 stages.told.form: unknown key, did you mean "from"?',
        ],
    ),
    "unknown key of the recipe": (
        "descripton: x\nstages: {raw: {kind: source, sample: dialogs}}\n",
        ['mine.yaml:1 descripton: unknown key, did you mean "description"?'],
    ),
    "a key by its name in Python": (
        with_stage("    kind: rewrite\n    from_: raw\n    instruction: x\n"),
        [
            "mine.yaml:3 stages.told.from: this key is needed",
            'mine.yaml:5 stages.told.from_: unknown key, did you mean "from"?',
        ],
    ),
    "unknown key deep inside": (
        "stages:\n  raw:\n    kind: source\n    sample: dialogs\n    columns:\n      messages:\n"
        "        type: dialog\n        nulable: true\n",
        ['mine.yaml:8 stages.raw.columns.messages.nulable: unknown key, did you mean "nullable"?'],
    ),
    "unknown key of the checks": (
        "stages:\n  raw:\n    kind: source\n    sample: dialogs\n    checks: {min_row: 3}\n",
        ['mine.yaml:5 stages.raw.checks.min_row: unknown key, did you mean "min_rows"?'],
    ),
    "unknown key of the limits": (
        "teacher:\n  limits:\n    concurency: 3\nstages: {raw: {kind: source, sample: dialogs}}\n",
        ['mine.yaml:3 teacher.limits.concurency: unknown key, did you mean "concurrency"?'],
    ),
    "unknown kind": (
        with_stage("    kind: rewirte\n    from: raw\n"),
        ['mine.yaml:4 stages.told.kind: unknown kind "rewirte", did you mean "rewrite"?'],
    ),
    "unknown stage": (
        with_stage("    kind: rewrite\n    from: rew\n    instruction: x\n"),
        ['mine.yaml:5 stages.told.from: no stage is called "rew", did you mean "raw"?'],
    ),
    "a table of the lake": (
        with_stage("    kind: rewrite\n    from: other.raw\n    instruction: x\n"),
        [
            "mine.yaml:5 stages.told.from: a stage reads stages of its recipe; "
            'read tables with a source: query: "SELECT … FROM other.raw"'
        ],
    ),
    "an unknown column in a template": (
        with_stage("    kind: rewrite\n    from: raw\n    instruction: |\n      Be kind.\n      Say {{ mesages }}.\n"),
        [
            'mine.yaml:8 stages.told.instruction: the template reads "mesages", which is no column; '
            'did you mean "messages"?'
        ],
    ),
    "a malformed template": (
        with_stage("    kind: rewrite\n    from: raw\n    instruction: |\n      Be kind.\n      {% if %}\n"),
        [
            "mine.yaml:8 stages.told.instruction: the template is malformed: "
            "Expected an expression, got 'end of statement block'"
        ],
    ),
    "a template in one line": (
        with_stage("    kind: rewrite\n    from: raw\n    instruction: Say {{ it }}\n"),
        ['mine.yaml:6 stages.told.instruction: the template reads "it", which is no column; there are: messages'],
    ),
    "a column that is not there": (
        with_stage("    kind: rewrite\n    from: raw\n    column: message\n    instruction: x\n"),
        ['mine.yaml:6 stages.told.column: "raw" has no column "message", did you mean "messages"?'],
    ),
    "a check of a column that is not there": (
        "stages:\n  raw:\n    kind: source\n    sample: dialogs\n    checks:\n      unique: [text]\n",
        ["mine.yaml:5 stages.raw.checks: there is no column 'text' (there are: messages)"],
    ),
    "an id that is no column": (
        "stages:\n  raw:\n    kind: source\n    sample: dialogs\n    id: name\n",
        ["mine.yaml:5 stages.raw.id: name is none of the columns: messages"],
    ),
    "a circle": (
        "stages:\n  a: {kind: filter, from: b, where: 1 = 1}\n  b: {kind: filter, from: a, where: 1 = 1}\n",
        ["mine.yaml:2 stages.a.from: the stages go in a circle: a → b → a"],
    ),
    "itself": (
        "stages:\n  a: {kind: filter, from: a, where: 1 = 1}\n",
        ["mine.yaml:2 stages.a.from: the stages go in a circle: a → a"],
    ),
    "no stages": ("stages: {}\n", ["mine.yaml:1 stages: must not be empty, found {}"]),
    "nothing": ("", ["mine.yaml:1: not YAML: a recipe is a list of keys and values"]),
    "a stage without keys": (
        "stages:\n  raw:\n",
        ["mine.yaml:2 stages.raw: expected keys and values, found None"],
    ),
    "a stage without a kind": (
        "stages:\n  raw: {sample: dialogs}\n",
        [f"mine.yaml:2 stages.raw: needs a kind: {', '.join(kinds())}"],
    ),
    "a key twice": (
        "description: a\nstages: {raw: {kind: source, sample: dialogs}}\ndescription: b\n",
        ["mine.yaml:3 description: the key stands here and in line 1"],
    ),
    "not YAML": (
        "description: a\nstages: [\n",
        ["mine.yaml:3: not YAML: expected the node content, but found '<stream end>'"],
    ),
    "a control character": (
        "description: a\nteacher: \x07\n",
        ["mine.yaml:2: not YAML: special characters are not allowed (#x0007)"],
    ),
    "a tag": (
        "description: !!python/name:os.system x\nstages: {raw: {kind: source, sample: dialogs}}\n",
        ["mine.yaml:1 description: the tag tag:yaml.org,2002:python/name:os.system means nothing here"],
    ),
    "a value that holds itself": (
        "tags: &tags\n  again: *tags\nstages: {raw: {kind: source, sample: dialogs}}\n",
        ["mine.yaml:2 tags.again: the value holds itself"],
    ),
    "a name with a brace": (
        "stages:\n  '{DATA_PATH}': {kind: source, sample: dialogs}\n",
        [
            'mine.yaml:2 stages.{DATA_PATH}: "{DATA_PATH}" cannot name a stage: '
            "small letters, digits and _, a letter first"
        ],
    ),
    "a name of rejects": (
        "stages:\n  raw__rejects: {kind: source, sample: dialogs}\n",
        [
            'mine.yaml:2 stages.raw__rejects: "raw__rejects" cannot name a stage: '
            '"__" stands for tables that belong to another'
        ],
    ),
    "a schedule with a wrong hour": (
        'schedule: "0 24 * * *"\nstages: {raw: {kind: source, sample: dialogs}}\n',
        ['mine.yaml:1 schedule: the hour "24" is not within 0 and 23'],
    ),
    "numbers that are text": (
        'budget: {usd: "5"}\nstages:\n  raw: {kind: source, sample: dialogs, rows: ten, seed: yes}\n',
        [
            'mine.yaml:1 budget.usd: expected a number, found "5"',
            'mine.yaml:3 stages.raw.rows: expected a whole number, found "ten"',
            'mine.yaml:3 stages.raw.seed: expected a whole number, found "yes"',
        ],
    ),
    "text that is a number": (
        "description: 5\nstages: {raw: {kind: source, sample: dialogs}}\n",
        ["mine.yaml:1 description: expected text (put it in quotes), found 5"],
    ),
    "out of bounds": (
        "teacher: {temperature: 3}\nstages: {raw: {kind: source, sample: dialogs, rows: 0}}\n",
        [
            "mine.yaml:1 teacher.temperature: must be at most 2.0, found 3",
            "mine.yaml:2 stages.raw.rows: must be at least 1, found 0",
        ],
    ),
    "a day that is none": (
        "partitions: {daily: 2026-13-01}\nstages: {raw: {kind: source, sample: dialogs, rows: 2}}\n",
        ['mine.yaml:1 partitions.daily: expected a date like 2026-11-01, found "2026-13-01"'],
    ),
    "two kinds of partitions": (
        "partitions: {daily: 2026-11-01, shards: 2}\nstages: {raw: {kind: source, sample: dialogs, rows: 2}}\n",
        ["mine.yaml:1 partitions: either daily or shards"],
    ),
    "days without rows": (
        "partitions: {daily: 2026-11-01}\nstages:\n  raw:\n    kind: source\n    sample: dialogs\n",
        ["mine.yaml:3 stages.raw.rows: a daily recipe needs rows (for each day) or date_column"],
    ),
    "two origins": (
        "stages:\n  raw: {kind: source, sample: dialogs, query: SELECT 1}\n",
        ["mine.yaml:2 stages.raw: a source has one of sample, dataset, files, inline, query; this has sample, query"],
    ),
    "a split without a dataset": (
        "stages:\n  raw: {kind: source, sample: dialogs, split: train}\n",
        ["mine.yaml:2 stages.raw: split goes with dataset"],
    ),
    "an unknown sample": (
        "stages:\n  raw: {kind: source, sample: dialog}\n",
        ['mine.yaml:2 stages.raw.sample: did you mean "dialogs"?'],
    ),
    "an unknown type": (
        "stages:\n  raw: {kind: source, sample: dialogs, columns: {messages: {type: chat}}}\n",
        [
            "mine.yaml:2 stages.raw.columns.messages.type: expected 'text', 'integer', 'number', 'boolean', "
            "'timestamp', 'dialog', 'texts' or 'json', found \"chat\""
        ],
    ),
    "a file of a format that is not read": (
        "stages:\n  raw: {kind: source, files: [a.jsonl, b.xlsx]}\n",
        ['mine.yaml:2 stages.raw.files: "b.xlsx" does not end in one of .jsonl, .json, .csv, .parquet'],
    ),
    "an owner": (
        "owners: [someone]\nstages: {raw: {kind: source, sample: dialogs}}\n",
        ['mine.yaml:1 owners[0]: "someone" is neither an e-mail address nor like team:data'],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_fault_is_reported_with_file_line_and_key(name, problems):
    text, expected = CASES[name]
    assert problems(text) == expected


def test_all_faults_of_a_file_are_reported_at_once(problems):
    found = problems("""\
        descripton: x
        schedule: nightly
        stages:
          raw: {kind: source, sampel: dialogs}
          told: {kind: rewrite, from: rwa, instruction: x}
          cut: {kind: filter, from: told, were: a}
        """)
    assert [line.split(":")[1] for line in found] == [
        "1 descripton",
        "2 schedule",
        "4 stages.raw.sampel",
        "5 stages.told.from",
        "6 stages.cut.where",
        "6 stages.cut.were",
    ]


def test_what_follows_a_faulty_stage_is_not_blamed_for_it(problems):
    found = problems("""\
        stages:
          raw: {kind: source, sample: dialogs, id: nothing}
          told: {kind: rewrite, from: raw, instruction: "{{ anything }}"}
        """)
    assert found == ["mine.yaml:2 stages.raw.id: nothing is none of the columns: messages"]


def test_a_file_that_is_not_there_or_not_text(tmp_path, problems):
    with pytest.raises(BrokenRecipe, match=r"none\.yaml: cannot be read"):
        load_recipe(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes("description: Käse".encode("latin-1"))
    with pytest.raises(BrokenRecipe, match=r"latin\.yaml: cannot be read"):
        load_recipe(tmp_path / "latin.yaml")


@pytest.mark.parametrize("name", ["ops", "main", "Mine", "my-data", "2nd", "a__b"])
def test_a_recipe_needs_a_name_that_a_schema_may_have(name, tmp_path, good):
    path = tmp_path / f"{name}.yaml"
    path.write_text(good)
    with pytest.raises(BrokenRecipe, match="rename the file"):
        load_recipe(path)
