"""Values in words for people: numbers, money, durations, and text that no terminal can take for a command."""

import json
from datetime import UTC, datetime
from typing import Any

_BREAKING = {code: f"\\x{code:02x}" for code in [*range(32), 127, *range(128, 160)] if code not in (9, 10)}
_BREAKING.update({code: f"\\u{code:04x}" for code in (0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2066, 0x2067, 0x2068)})


def safe(text: str) -> str:
    """Text of rows and replies with its control characters spelt out: none may move the cursor."""
    return text.replace("\r\n", "\n").translate(_BREAKING)


def count(number: int) -> str:
    """1,234."""
    return f"{number:,}"


def some(number: int, one: str, many: str | None = None) -> str:
    """`1 row`, `2 rows`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def money(usd: float | None) -> str:
    """Dollars; what is not known is said to be unknown, never zero."""
    if usd is None:
        return "unknown"
    if usd == 0:
        return "$0"
    return f"${usd:,.2f}" if usd >= 1 else f"${usd:.4f}" if usd >= 0.0001 else "< $0.0001"


def seconds(duration_s: float) -> str:
    """0.4 s, 12 s, 3 min 20 s, 2 h 5 min."""
    if duration_s < 10:
        return f"{duration_s:.1f} s"
    whole = round(duration_s)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def size(number: int) -> str:
    """Bytes in the unit that suits."""
    value = float(number)
    for unit in ("B", "KB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def moment(value: Any) -> str:
    """Return a moment in the local time of whoever reads it."""
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return aware.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    return "" if value is None else str(value)


def cell(value: Any) -> str:
    """Return a value as people read it; NULL as NULL."""
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return safe(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, dict | list):
        return safe(json.dumps(value, ensure_ascii=False, default=str))
    return moment(value) if isinstance(value, datetime) else str(value)


def short(text: str, length: int) -> str:
    """Return the beginning of a text on one line."""
    flat = " ".join(text.split())
    return flat if len(flat) <= length else f"{flat[: length - 1]}…"
