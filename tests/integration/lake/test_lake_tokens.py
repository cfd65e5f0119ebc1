"""DuckLake fills in tokens like {AUTHOR} wherever values reach its metadata: ours never do."""

from typing import Any

import pytest

from synth_assets.core.contract import Column, Contract
from synth_assets.core.errors import LakeError
from synth_assets.lake import CommitInfo, Lake, Replace

TOKENS = [
    "{AUTHOR}",
    "{CATALOG}",
    "{COMMIT_EXTRA_INFO}",
    "{COMMIT_MESSAGE}",
    "{DATA_PATH}",
    "{METADATA_CATALOG}",
    "{METADATA_CATALOG_NAME_IDENTIFIER}",
    "{METADATA_CATALOG_NAME_LITERAL}",
    "{METADATA_PATH}",
    "{METADATA_SCHEMA_ESCAPED}",
    "{METADATA_SCHEMA_NAME_LITERAL}",
    "{NEXT_CATALOG_ID}",
    "{NEXT_FILE_ID}",
    "{SCHEMA_VERSION}",
    "{SNAPSHOT_ID}",
    "{TABLE_ID}",
]
# What a query cannot name as a literal, for DuckLake puts a quoted text of its own there: an error, no wrong answer.
QUOTED = {
    "{DATA_PATH}",
    "{METADATA_PATH}",
    "{METADATA_CATALOG_NAME_LITERAL}",
    "{METADATA_SCHEMA_NAME_LITERAL}",
}
NESTED = Contract(
    (Column("body", "text"), Column("dialog", "dialog"), Column("words", "texts"), Column("thing", "json")),
    "Texts of every shape, with {AUTHOR} and {DATA_PATH} in the comments",
)


def note(number: int, text: str) -> dict[str, Any]:
    return {
        "row_id": f"{number:032d}",
        "parent_ids": [text],
        "body": text,
        "dialog": [{"role": "user", "content": text}],
        "words": [text],
        "thing": {text: text},
    }


@pytest.mark.parametrize("token", TOKENS)
def test_a_token_is_stored_and_found_wherever_it_stands(lake: Lake, token: str) -> None:
    about = CommitInfo(token, "notes", "nested", message=f"by {token}", extra={token: token})
    for partition, texts in (
        ("only", [token]),
        ("smallest", [token, "~ sorts after it"]),
        ("largest", ["! sorts before it", token]),
        ("inside", ["! before", f"say {token} please", "~ after"]),
    ):
        rows = [note(number, text) for number, text in enumerate(texts)]
        with lake.stage("notes.nested", NESTED, partition) as writer:
            writer.write(rows)
            lake.commit([Replace(writer)], about)
        [stored] = lake.scan("notes.nested", partition=partition)
        assert [row["body"] for row in stored] == texts
        assert [row["dialog"] for row in stored] == [row["dialog"] for row in rows]
        assert [(row["parent_ids"], row["words"]) for row in stored] == [([text], [text]) for text in texts]
    assert lake.snapshots()[-1].about == about
    assert len(lake.commits_of(token)) == 4
    for where in ("body = ?", "dialog[1].content = ?", "words[1] = ?", "list_contains(parent_ids, ?)"):
        assert count(lake, f"concat({where.replace(' = ?', ') = ?')}" if " = " in where else where, token) == 3
        if token not in QUOTED:
            assert count(lake, where, token) == 3


def count(lake: Lake, where: str, token: str) -> int:
    return int(lake.rows(f"SELECT count(*) AS n FROM notes.nested WHERE {where}", [token])[0]["n"])


@pytest.mark.parametrize("token", sorted(QUOTED))
def test_a_literal_that_cannot_be_asked_for_is_an_error_with_a_remedy(lake: Lake, token: str) -> None:
    with lake.stage("notes.nested", NESTED) as writer:
        writer.write([note(1, token)])
        lake.commit([Replace(writer)], CommitInfo("run", "notes", "nested"))
    with pytest.raises(LakeError) as caught:
        count(lake, "body = ?", token)
    assert "concat(" in str(caught.value.remedy)
