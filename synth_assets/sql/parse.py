"""Parses the text of a model: one SELECT, the tables it reads, and its head comment."""

import re
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError, TokenError
from sqlglot.tokenizer_core import TokenType

DIALECT = "duckdb"
CATALOG = "lake"

# What sqlglot raises over malformed texts that its parser lets through: no bug of ours, so it becomes a BadSql.
SQLGLOT_ERRORS = (SqlglotError, AssertionError, AttributeError, KeyError, TypeError)

_HEAD = re.compile(r"\A(?:\s*(?:--[^\n]*(?:\n|\Z)|/\*.*?\*/))+", re.DOTALL)
_COMMENT_MARKS = re.compile(r"^\s*(?:--+|/\*+|\*(?!/))?[ \t]?|\s*\*+/\s*$", re.MULTILINE)
_NOT_BLANK = re.compile(r"\S")
_AS_WRITTEN = {TokenType.STRING, TokenType.IDENTIFIER, TokenType.VAR}


class BadSql(ValueError):
    """Raised for a text that is not one SELECT; `line` is the line at fault."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Parsed:
    """A text that is one SELECT: the SQL without its last semicolon, its tokens, inputs and description."""

    sql: str
    tokens: tuple[str, ...]
    inputs: tuple[str, ...]
    description: str


def parse_model(text: str) -> Parsed:
    """Parse a model's text; BadSql says why it is none."""
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
    """Parse a SELECT into its syntax tree; BadSql for anything else."""
    try:
        statements = [tree for tree in sqlglot.parse(_without_comments(text), dialect=DIALECT) if tree]
    except TokenError as error:
        raise BadSql("a text or a comment is not closed", _open_line(text)) from error
    except ParseError as error:
        first = error.errors[0]
        near = f'near "{first["highlight"]}"' if first.get("highlight") else "at the end"
        raise BadSql(f"syntax error {near}", first.get("line") or 1) from error
    except SQLGLOT_ERRORS as error:
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
    """Return `schema.table` as the lake knows it: names have no case, and `lake.` in front is the lake itself."""
    catalog = f"{table.catalog}." if table.catalog and table.catalog.lower() != CATALOG else ""
    return f"{catalog}{table.db}.{table.name}".lower().lstrip(".")


def _spelling(kind: TokenType, text: str) -> str:
    """Spell a token without its looks: keywords have no case; a string or a quoted name differs from a bare word."""
    if kind not in _AS_WRITTEN:
        return " ".join(text.split()).upper()
    return text if kind == TokenType.VAR else f"{kind.name}:{text}"


def _without_comments(text: str) -> str:
    """Replace comments by blanks, so that lines stay: sqlglot cannot read one inside `ORDER BY`."""
    parts, end = [], 0
    for token in sqlglot.tokenize(text, dialect=DIALECT):
        parts += [_NOT_BLANK.sub(" ", text[end : token.start]), text[token.start : token.end + 1]]
        end = token.end + 1
    return "".join(parts)


def _head_comment(text: str) -> str:
    head = _HEAD.match(text)
    lines = _COMMENT_MARKS.sub("", head.group()).splitlines() if head else []
    return "\n".join(line.rstrip() for line in lines).strip()


def first_line(text: str) -> int:
    """Return the line in which the SELECT itself starts, after its comments."""
    return sqlglot.tokenize(text, dialect=DIALECT)[0].line


def _second_line(text: str) -> int:
    tokens = iter(sqlglot.tokenize(text, dialect=DIALECT))
    any(token.token_type == TokenType.SEMICOLON for token in tokens)
    return next((token.line for token in tokens if token.token_type != TokenType.SEMICOLON), 1)


def _open_line(text: str) -> int:
    """Return the line that opens a text or comment that is never closed."""
    lines = text.splitlines()
    for count in range(len(lines), 0, -1):
        try:
            sqlglot.tokenize("\n".join(lines[: count - 1]), dialect=DIALECT)
        except TokenError:
            continue
        return count
    return 1
