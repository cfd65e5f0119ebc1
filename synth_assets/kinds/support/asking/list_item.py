"""An item of a list, as a text of its own: without what only adorns it, and turned away where it holds more."""

import re

from synth_assets.core.stage import Rejection

_PAIRS = (('"', '"'), ("“", "”"), ("**", "**"), ("__", "__"))
_UNSEEN = " \t\n\u200b\ufeff"
_FENCE = re.compile(r"^\s*(?:```|~~~)", re.MULTILINE)
_HEADING = re.compile(r"\s*#{1,6}\s+\S[^\n]*\Z")
_BOLD_ALONE = re.compile(r"\s*\*\*[^*\n]+\*\*:?\s*\Z")
_QUALIFIED = r"(?:(?:the|expected|correct|sample|model|possible)\s+)*"
_ANSWERED = re.compile(
    rf"(?:^|[?.!]\s)[\s#>*_(-]*{_QUALIFIED}(?:(?:answer|solution)(?:\s+\d{{1,3}})?|a\d{{1,3}})[*_]*\s*:[*_]*\s*\S"
    rf"|^\s*(?:#+\s*|\*\*){_QUALIFIED}(?:answer|solution)[\s*_\d]*$\n+\s*\S",
    re.IGNORECASE | re.MULTILINE,
)
_REPLY, _CHOICE = re.compile(r"^A:\s*\S", re.MULTILINE), re.compile(r"^B:", re.MULTILINE)
_OPENING = re.compile(
    r"\W*(?:sure|certainly|of course|okay|ok|great|absolutely|here(?:'s|’s| is| are)|below|"
    r"i(?:'m|’m| am) sorry|sorry|i (?:can(?:no|')?t|can’t|cannot|won't|am unable|apologi[sz]e)|as an ai|"
    r"unfortunately)\b",
    re.IGNORECASE,
)
_MARKED = re.compile(r"\s*(?:[-•>#|]|\*\s|(?:\W*(?:question|prompt|instruction|task|q)\b[^:\n]{0,12}:))", re.IGNORECASE)


def item_of(paragraphs: list[str]) -> str | Rejection:
    """The item's text, or why it is none: nothing is left of it, or it is more than what was asked for."""
    text = _unadorned("\n\n".join(paragraphs).strip(_UNSEEN))
    if not any(character.isalnum() for character in text):
        return Rejection("an item is blank")
    if len(_FENCE.findall(text)) % 2:
        return Rejection("a code fence in the item is not closed", text)
    if _HEADING.match(text.rpartition("\n")[2]) or (len(paragraphs) > 1 and _BOLD_ALONE.match(paragraphs[-1])):
        return Rejection("a heading stands at the end of the item", text)
    if _ANSWERED.search(text) or (_REPLY.search(text) and not _CHOICE.search(text)):
        return Rejection("the item holds an answer, too", text)
    return text


def is_bare(text: str) -> bool:
    """Whether a text may be an item as it stands: no words to whoever asked for it, and no marker."""
    first, _, rest = text.partition("\n")
    return not (_OPENING.match(text) or _MARKED.match(text) or (rest and first.rstrip(" *_").endswith(":")))


def _unadorned(text: str) -> str:
    """The text without bold type or quotes around the whole."""
    if text.count("**") % 2 and text.endswith("**"):
        text = text[:-2].rstrip()
    for opening, closing in _PAIRS:
        inner = text[len(opening) : -len(closing)]
        if len(text) > 4 and text.startswith(opening) and text.endswith(closing):
            text = inner.strip() if not any(mark in inner for mark in (opening, closing)) else text
    return text
