"""Templates: what they read is known beforehand, and a name that means nothing is never a blank."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from synth_assets.core.contract import Column, Contract
from synth_assets.core.prompt import Prompt, Template, TemplateFault, check_template
from synth_assets.core.stage import StageError

READ = Contract((Column("question", "text"), Column("context", "text")))


@given(st.text())
def test_values_are_never_templates(text):
    assert Prompt("<{{ question }}>").render({"question": text}) == f"<{text}>"


def test_values_keep_quotes_braces_and_angle_brackets():
    value = '<b>"{{ x }}" & {DATA_PATH}</b>'
    assert Prompt("{{ v }}").render({"v": value}) == value
    assert Prompt("{{ v | tojson }}").render({"v": ["<é>"]}) == '["<é>"]'


def test_a_template_knows_what_it_reads():
    text = (
        "{% for c in context %}{{ c }}{{ loop.index }}\n{% endfor %}{% set y = 2 %}{{ y }}{{ question }}{{ range(3) }}"
    )
    assert Prompt(text).variables() == {"context", "question"}
    assert (Prompt(text).line_of("context"), Prompt(text).line_of("question")) == (1, 2)


def test_a_malformed_template_names_its_line():
    with pytest.raises(TemplateFault, match="malformed") as caught:
        Prompt("fine\n{{ x")
    assert caught.value.line == 2


def test_the_type_of_a_key_that_holds_a_template():
    class Keys(BaseModel):
        text: Template

    assert Keys(text="{{ x }}").text == "{{ x }}"
    with pytest.raises(ValidationError) as caught:
        Keys(text="\n\n{% endfor %}")
    (detail,) = caught.value.errors()
    assert (detail["type"], detail["ctx"]["line"]) == ("template", 3)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{{ nothing }}", "'nothing' is undefined"),
        ("{{ v.nothing }}", "has no attribute 'nothing'"),
        ("{{ v.__class__.__mro__ }}", "access to attribute '__class__'"),
        ("{{ 1 // 0 }}", "by zero"),
        ("{{ v + 1 }}", "can only concatenate str"),
        ("{{ range(10000000) }}", "Range too big"),
    ],
)
def test_what_cannot_be_filled_in(text, fault):
    with pytest.raises(ValueError, match=fault):
        Prompt(text).render({"v": "text"})


@pytest.mark.parametrize("name", ["lipsum()", "cycler(1).next()", "joiner()"])
def test_the_same_row_always_gives_the_same_prompt(name):
    with pytest.raises(ValueError, match="undefined"):
        Prompt(f"{{{{ {name} }}}}").render({})
    with pytest.raises(TemplateFault, match="No filter named 'random'"):
        Prompt("{{ [1, 2] | random }}")


def test_a_template_is_held_against_the_table_it_reads():
    check_template("instruction", "{{ question }} {{ context }}", READ)
    with pytest.raises(StageError, match=r'reads "quetsion", which is no column; did you mean "question"\?') as caught:
        check_template("instruction", "{{ context }}\n{{ quetsion }}", READ)
    assert (caught.value.key, caught.value.line) == ("instruction", 2)
    with pytest.raises(StageError, match="there are: question, context"):
        check_template("instruction", "{{ zzz }}", READ)


def test_a_column_in_single_braces_is_told_of():
    with pytest.raises(StageError, match=r'"\{question\}" is plain text; the column is "\{\{ question \}\}"') as caught:
        check_template("prompt", "Of {{ context }}:\n{% if context %}x{% endif %}\nanswer {question}", READ)
    assert (caught.value.key, caught.value.line) == ("prompt", 3)
    check_template("prompt", 'As JSON: {"question": …}, {answer}, {{ "{question}" }}', READ)
