"""Checks the cron line of a recipe when it is loaded, so that a schedule never fails at night."""

import re

_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_NAMES = {
    "month": ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    "weekday": ("sun", "mon", "tue", "wed", "thu", "fri", "sat"),
}
_PART = re.compile(r"(?:\*|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>\d+))?\Z")


def check_cron(text: str) -> str:
    """Return the line as it is; ValueError names the field that is wrong."""
    parts = text.split()
    if len(parts) != len(_FIELDS):
        raise ValueError(f'a schedule has five fields (minute hour day month weekday), "{text}" has {len(parts)}')
    for part, (name, low, high) in zip(parts, _FIELDS, strict=True):
        for item in part.split(","):
            if not _is_valid(item, name, low, high):
                raise ValueError(f'the {name} "{item}" is not within {low} and {high}')
    return text


def _is_valid(item: str, name: str, low: int, high: int) -> bool:
    match = _PART.match(item)
    if match is None or match["step"] == "0":
        return False
    numbers = [_number(end, name, low) for end in (match["first"], match["last"]) if end is not None]
    bounds = [number for number in numbers if number is not None and low <= number <= high]
    return len(bounds) == len(numbers) and bounds == sorted(bounds)


def _number(text: str, name: str, low: int) -> int | None:
    names = _NAMES.get(name, ())
    if text.lower() in names:
        return names.index(text.lower()) + low
    return int(text) if text.isdecimal() else None
