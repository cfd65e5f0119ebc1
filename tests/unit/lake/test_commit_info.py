"""What a commit says of itself survives the catalog, whatever it says."""

import re

from hypothesis import given
from hypothesis import strategies as st

from synth_assets.lake.snapshots import CommitInfo, read_commit_info

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    ["{AUTHOR}", "{DATA_PATH}", "{{SNAPSHOT_ID}}", '{"a":{}}', "\\{AUTHOR}", '\\"{AUTHOR}']
)


@given(words, words, st.dictionaries(words, words))
def test_it_is_read_back_as_it_was_and_holds_no_token(run: str, message: str, extra: dict[str, str]) -> None:
    about = CommitInfo(run, "mitall", "raw_dialogs", message=message, extra=extra)
    assert read_commit_info(about.to_text()) == about
    assert not re.search(r"\{[A-Z_]+\}", about.to_text())


def test_commits_of_others_say_nothing() -> None:
    assert read_commit_info(None) is None
    assert read_commit_info("no json") is None
    assert read_commit_info('{"run": 1}') is None
