"""Parses the text of a model: one SELECT, the tables it reads, and what its head comment says."""

import re
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError, TokenError
from sqlglot.tokenizer_core import TokenType

DIALECT = "duckdb"
CATALOG = "lake"

# What sqlglot raises over malformed texts that its parser lets through: not a bug of ours, not a reason to fall.
STUMBLES = (SqlglotError, AssertionError, AttributeError, KeyError, TypeError)

_HEAD = re.compile(r"\A(?:\s*(?:--[^\n]*(?:\n|\Z)|/\*.*?\*/))+", re.DOTALL)
_MARKS = re.compile(r"^\s*(?:--+|/\*+|\*(?!/))?[ \t]?|\s*\*+/\s*$", re.MULTILINE)
_NO_BLANK = re.compile(r"\S")
_AS_WRITTEN = {TokenType.STRING, TokenType.IDENTIFIER, TokenType.VAR}


class BadSql(ValueError):
    """A text that is not one SELECT; `line` is where."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Parsed:
    """A text that is one SELECT: itself without its last semicolon, and what was found in it."""

    sql: str
    tokens: tuple[str, ...]
    inputs: tuple[str, ...]
    description: str


def parse_model(text: str) -> Parsed:
    """What a model's text holds; BadSql says why it is none."""
    tree = parse_select(text)
    tokens = sqlglot.tokenize(_without_comments(text), dialect=DIALECT)
    while tokens[-1].token_type == TokenType.SEMICOLON:
        tokens.pop()
    return Parsed(
        sql=text[: tokens[-1].end + 1],
        tokens=tuple(_spelling(token.token_type, token.text) for token in tokens),
        inputs=tuple(sorted({table_name(table) for table in tree.find_all(exp.Table) if table.db})),
        description=_head_comment(text),
    )


def parse_select(text: str) -> exp.Query:
    """The syntax tree of a SELECT; BadSql for anything else."""
    try:
        statements = [tree for tree in sqlglot.parse(_without_comments(text), dialect=DIALECT) if tree]
    except TokenError as error:
        raise BadSql("a text or a comment is not closed", _open_line(text)) from error
    except ParseError as error:
        found = error.errors[0]
        near = f'near "{found["highlight"]}"' if found.get("highlight") else "at the end"
        raise BadSql(f"syntax error {near}", found.get("line") or 1) from error
    except STUMBLES as error:
        raise BadSql("syntax error that hinders reading on", first_line(text)) from error
    if not statements:
        raise BadSql("the file holds no SELECT", 1)
    if len(statements) > 1:
        raise BadSql(f"a model is one SELECT, the file holds {len(statements)} statements", _second_line(text))
    tree = statements[0]
    if not isinstance(tree, exp.Query) or tree.args.get("into"):
        raise BadSql(f"a model is a SELECT, this is {tree.key.upper()}", first_line(text))
    return tree


def table_name(table: exp.Table) -> str:
    """`schema.table` as the lake knows it: names have no case, and `lake.` in front is the lake itself."""
    catalog = f"{table.catalog}." if table.catalog and table.catalog.lower() != CATALOG else ""
    return f"{catalog}{table.db}.{table.name}".lower().lstrip(".")


def _spelling(kind: TokenType, text: str) -> str:
    """Keywords have no case; a string and a quoted name are not the same as a bare word."""
    if kind not in _AS_WRITTEN:
        return " ".join(text.split()).upper()
    return text if kind == TokenType.VAR else f"{kind.name}:{text}"


def _without_comments(text: str) -> str:
    """The text with blanks for its comments: sqlglot cannot read one inside `ORDER BY`. Lines stay."""
    parts, end = [], 0
    for token in sqlglot.tokenize(text, dialect=DIALECT):
        parts += [_NO_BLANK.sub(" ", text[end : token.start]), text[token.start : token.end + 1]]
        end = token.end + 1
    return "".join(parts)


def _head_comment(text: str) -> str:
    found = _HEAD.match(text)
    lines = _MARKS.sub("", found.group()).splitlines() if found else []
    return "\n".join(line.rstrip() for line in lines).strip()


def first_line(text: str) -> int:
    """The line in which the SELECT itself starts, after its comments."""
    return sqlglot.tokenize(text, dialect=DIALECT)[0].line


def _second_line(text: str) -> int:
    tokens = iter(sqlglot.tokenize(text, dialect=DIALECT))
    any(token.token_type == TokenType.SEMICOLON for token in tokens)
    return next((token.line for token in tokens if token.token_type != TokenType.SEMICOLON), 1)


def _open_line(text: str) -> int:
    """The line up to which the text can still be read word by word."""
    lines = text.splitlines()
    for count in range(len(lines), 0, -1):
        try:
            sqlglot.tokenize("\n".join(lines[: count - 1]), dialect=DIALECT)
        except TokenError:
            continue
        return count
    return 1
