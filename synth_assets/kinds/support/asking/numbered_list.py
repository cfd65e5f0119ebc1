"""Numbered lists as models write them: each item on its own. What may be two things is not taken for one of them."""

import re
from dataclasses import dataclass, field

from synth_assets.core.parse import Unreadable, strip_code_fence
from synth_assets.core.stage import Rejection

_HEADED = re.compile(
    r"(?P<indent>\s*)(?:[-*•]\s+)?[#>*_\s]*(?:question|prompt|instruction|task|q)\s*#?\s*(?P<number>\d{1,3})"
    r"[*_]*(?:\s*[:.)][*_]*|\s+[-–—](?=\s)|(?=\s*\Z))\s*(?P<text>.*)\Z",
    re.IGNORECASE,
)
_PLAIN = re.compile(
    r"(?P<indent>\s*)(?:[-•]\s+)?[#>*_\s]*\(?(?P<number>\d{1,3})[*_]*[.):][*_]*(?:\s+(?P<text>.*)|\s*)\Z"
)
_FAREWELL = re.compile(
    r"(?:i hope|hope th|let me know|feel free|please let|please feel|if you (?:need|want|would|have)|"
    r"would you like|these (?:questions|are)|this list|enjoy)\b",
    re.IGNORECASE,
)
_NOTE = re.compile(r"\W*(?:note|remark|explanation|disclaimer|p\.? ?s)\W*:", re.IGNORECASE)
_END = re.compile(r"\s*(?:#+[*_\s]*|\*\*)end(?: of (?:the )?(?:questions|list))?[\s*_.:#]*\Z", re.IGNORECASE)
_END_MAYBE = re.compile(r"\W*end\W*\Z", re.IGNORECASE)
_RULE = re.compile(r"\s*(?:[-*_]\s*){3,}\Z")


@dataclass(slots=True)
class _Item:
    number: int
    depth: int
    lines: list[str] = field(default_factory=list)
    counted: int = 0

    def paragraphs(self) -> list[str]:
        """Return what lies between blank lines."""
        blocks = re.split(r"\n[ \t]*\n", "\n".join(line for line in self.lines if not _RULE.match(line)).strip())
        return [block.strip("\n") for block in blocks if block.strip()]


def read_numbered(text: str, *, one: bool = False) -> list[str | Rejection]:
    """Return the items of a numbered list; one that cannot be used is a Rejection that says why.

    Unreadable where there is no such list, or where its numbers leave open what is an item. If only one item was
    asked for, a paragraph without a number is that one.
    """
    lines = strip_code_fence(text.strip("\ufeff")).strip().splitlines()
    if not lines:
        raise Unreadable("the answer is empty")
    end = next((index for index, line in enumerate(lines) if _END.match(line)), None)
    items = _items(lines[:end])
    if not items and one and all(line.strip() for line in lines[:end]) and is_bare("\n".join(lines[:end])):
        items = [_Item(1, 0, lines[:end])]
    if not items:
        raise Unreadable("the answer has no numbered items like: ### Question 1: …")
    if end is not None and any(map(_HEADED.match, lines[end + 1 :])):
        raise Unreadable("there are more items after the end")
    last = item_of(items[-1].paragraphs()) if end is not None else _last(items[-1])
    return [*(item_of(item.paragraphs()) for item in items[:-1]), last]


def _last(item: _Item) -> str | Rejection:
    """Return the last item of a list without an end. Words after it may look like more of it, so more is too much."""
    paragraphs = item.paragraphs()
    if len(paragraphs) > 1 and _FAREWELL.match(paragraphs[-1]):
        paragraphs.pop()
    later = "\n".join(paragraphs).splitlines()[1:]
    is_unclear = len(paragraphs) > 1 or any(map(_END_MAYBE.match, later[-1:]))
    is_unclear |= any(_FAREWELL.match(line) or _NOTE.match(line) for line in later)
    return (
        Rejection("the end of the last item is unclear", "\n\n".join(paragraphs)) if is_unclear else item_of(paragraphs)
    )


def _items(lines: list[str]) -> list[_Item]:
    """Return the items under their markers: those with a word (Question 3:), if there are any, else bare numbers."""
    marker = _HEADED if any(map(_HEADED.match, lines)) else _PLAIN
    items: list[_Item] = []
    preamble: list[str] = []
    for line in lines:
        found = marker.match(line)
        if found and (not items or _depth(found) <= items[0].depth + 1):
            number = _next_number(int(found["number"]), items, preamble)
            items.append(_Item(number, _depth(found), [found["text"] or ""]))
        elif items:
            _add(items[-1], line)
        elif line.strip():
            preamble.append(line)
    if items and any(map(_PLAIN.match, preamble)):
        raise Unreadable("the items are marked in two ways")
    return items


def _depth(found: re.Match[str]) -> int:
    return len(found["indent"].expandtabs(4))


def _next_number(number: int, items: list[_Item], preamble: list[str]) -> int:
    if items and number != items[-1].number + 1:
        raise Unreadable(f"the items are not numbered one after the other: {number} follows {items[-1].number}")
    if not items and number != 1 and preamble:
        raise Unreadable(f"the first item has the number {number}, and something stands before it")
    return number


def _add(item: _Item, line: str) -> None:
    """Add a line to an item. It may count 1, 2, 3 for itself; another number leaves open what it belongs to."""
    inner = _HEADED.match(line) or _PLAIN.match(line)
    if inner:
        number = int(inner["number"])
        if number not in (1, item.counted + 1):
            raise Unreadable(f"the items are marked in two ways: {line.strip()[:40]}")
        item.counted = number
    item.lines.append(line)


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
    """Return the item's text, or why it is none: nothing is left of it, or it is more than what was asked for."""
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
    """Say whether a text may be an item as it is: no words to whoever asked for it, and no marker."""
    first, _, rest = text.partition("\n")
    return not (_OPENING.match(text) or _MARKED.match(text) or (rest and first.rstrip(" *_").endswith(":")))


def _unadorned(text: str) -> str:
    """Return the text without bold type or quotes around all of it."""
    if text.count("**") % 2 and text.endswith("**"):
        text = text[:-2].rstrip()
    for opening, closing in _PAIRS:
        inner = text[len(opening) : -len(closing)]
        if len(text) > 4 and text.startswith(opening) and text.endswith(closing):
            text = inner.strip() if not any(mark in inner for mark in (opening, closing)) else text
    return text
