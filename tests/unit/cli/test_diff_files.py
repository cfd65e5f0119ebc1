"""The law of differences between files: every line of both is accounted for."""

import json
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from synth_assets.engine.diff import Difference, diff_files

line = st.one_of(
    st.sampled_from(["", "x", "[1]", '{"messages": 3}', "\u2028"]),
    st.builds(
        lambda said, answer: json.dumps(
            {"messages": [{"role": "user", "content": said}, {"role": "assistant", "content": answer}]}
        ),
        st.sampled_from("abc"),
        st.sampled_from("123"),
    ),
)


def differ(folder: Path, before: list[str], after: list[str]) -> Difference:
    for name, lines in (("a.jsonl", before), ("b.jsonl", after)):
        (folder / name).write_text("".join(f"{each}\n" for each in lines), newline="")
    (found,) = diff_files(folder / "a.jsonl", folder / "b.jsonl", 2)
    return found


@given(st.lists(line, max_size=8), st.lists(line, max_size=8))
def test_every_line_is_the_same_changed_removed_or_added(before: list[str], after: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = differ(Path(folder), before, after)
        assert found.same + found.changed + found.removed == len(before)
        assert found.same + found.changed + found.added == len(after)
        assert found.any == (sorted(before) != sorted(after))
        assert not differ(Path(folder), before, list(reversed(before))).any


def test_an_answer_made_anew_is_a_change_of_its_dialog_wherever_it_stands(tmp_path: Path) -> None:
    def dialog(said: str, answer: str) -> str:
        turns = [{"role": "user", "content": said}, {"role": "assistant", "content": answer}]
        return json.dumps({"messages": turns})

    before = [dialog("a", "1"), dialog("b", "1"), dialog("c", "1")]
    after = [dialog("c", "2"), dialog("b", "1"), dialog("d", "1")]
    found = differ(tmp_path, before, after)
    assert (found.same, found.changed, found.removed, found.added) == (1, 1, 1, 1)
    changed = next(change for change in found.first if change.what == "changed")
    assert changed.name == "b.jsonl:1"
    assert [side["messages"][1]["content"] for side in (changed.before, changed.after)] == ["1", "2"]
