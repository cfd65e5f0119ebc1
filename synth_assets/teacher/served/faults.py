"""Faults of the served teacher, to order: `latency=50ms,429=5%,reset=1%,rate=20/s,retry_after=1s`."""

import hashlib
import re
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from synth_assets.core.errors import RecipeError
from synth_assets.core.suggestions import nearest_name

SHARES = (
    "reset",
    "reset_body",
    "drip",
    "truncated",
    "wrong_shape",
    "wrong_type",
    "empty",
    "invalid",
    "length",
    "duplicate",
)
STATUSES_OF_ALL = (429, 500, 502, 503)
_QUANTITY = re.compile(r"([0-9.]+)(ms|s|%|/s)?")
_UNITS = {"ms": 0.001, "s": 1.0, "%": 0.01, "/s": 1.0, None: 1.0}


class Faults(BaseModel):
    """Shares are of the calls; which call they hit depends on its text and how often it came, and on the seed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    latency: float = Field(0.0, ge=0, description="seconds to an answer")
    jitter: float = Field(0.0, ge=0, description="seconds more, at most")
    statuses: dict[int, float] = Field({}, description="share of calls answered by a status")
    reset: float = Field(0.0, ge=0, le=1, description="connection reset before the headers")
    reset_body: float = Field(0.0, ge=0, le=1, description="connection reset after the headers")
    drip: float = Field(0.0, ge=0, le=1, description="a byte every 50 ms, without end")
    truncated: float = Field(0.0, ge=0, le=1, description="half of the JSON")
    wrong_shape: float = Field(0.0, ge=0, le=1, description="JSON that is no chat completion")
    wrong_type: float = Field(0.0, ge=0, le=1, description="an HTML page with status 200")
    empty: float = Field(0.0, ge=0, le=1, description="an answer without content")
    invalid: float = Field(0.0, ge=0, le=1, description="an answer that is cut, but says it is complete")
    length: float = Field(0.0, ge=0, le=1, description="an answer cut at max_tokens")
    duplicate: float = Field(0.0, ge=0, le=1, description="a response sent twice")
    all: float = Field(0.0, ge=0, le=1, description="each of the above, and 429, 500, 502, 503, together")
    rate: float | None = Field(None, gt=0, description="calls a second, above which it refuses")
    names_rate: bool = Field(False, description="each response names that rate in its headers, by the minute")
    max_in_flight: int | None = Field(None, ge=1, description="calls at once, above which it refuses")
    retry_after: float | None = Field(None, ge=0, description="seconds named with each refusal")
    down_after: int | None = Field(None, ge=0, description="calls after which the server goes away")
    down_for: float | None = Field(None, ge=0, description="seconds until it is back; for good without")
    expire_key_after: int | None = Field(None, ge=0, description="calls after which the key is worth nothing")
    batch: float = Field(0.05, ge=0, description="seconds a batch job takes")
    seed: int = 0

    @classmethod
    def of(cls, text: str) -> Self:
        """Parse faults from their short form; raise RecipeError with the part that means nothing."""
        values: dict[str, object] = {}
        statuses: dict[int, float] = {}
        for part in filter(None, (piece.strip() for piece in text.split(","))):
            name, _, quantity = part.partition("=")
            found = _QUANTITY.fullmatch(quantity.strip())
            if found is None:
                raise _meaningless(part, "write it as name=quantity, such as 429=5% or latency=50ms")
            number = float(found[1]) * _UNITS[found[2]]
            if name.isdigit():
                statuses[int(name)] = number
            elif name in cls.model_fields and name != "statuses":
                values[name] = number
            else:
                nearest = nearest_name(name, cls.model_fields)
                raise _meaningless(part, f"did you mean {nearest}?" if nearest else f"known: {', '.join(SHARES)}, …")
        try:
            return cls.model_validate({**values, "statuses": statuses})
        except ValidationError as error:
            raise _meaningless(text, str(error)) from error

    def shares(self) -> dict[str, float]:
        """Return the share of each fault that hits by chance."""
        each = self.all / (len(SHARES) + len(STATUSES_OF_ALL))
        shares = {name: getattr(self, name) + each for name in SHARES}
        shares.update({str(status): each for status in STATUSES_OF_ALL if each})
        for status, share in self.statuses.items():
            shares[str(status)] = shares.get(str(status), 0.0) + share
        return {name: share for name, share in shares.items() if share}


class Chance:
    """Decides which fault hits a call: the same for the same seed, text and number of times it came."""

    def __init__(self, faults: Faults) -> None:
        self._shares = faults.shares()
        self._seed = faults.seed
        self._seen: dict[bytes, int] = {}

    def fault(self, body: bytes) -> str | None:
        """Return the name of the fault, a status as its digits; None to answer well."""
        if not self._shares:
            return None
        digest = hashlib.blake2b(body, digest_size=8, salt=self._seed.to_bytes(8, "big")).digest()
        times = self._seen[digest] = self._seen.get(digest, 0) + 1
        point = part_of(digest + times.to_bytes(4, "big"))
        for name, share in self._shares.items():
            if point < share:
                return name
            point -= share
        return None


def part_of(data: bytes) -> float:
    """Map bytes to a number from 0 to below 1."""
    return int.from_bytes(hashlib.blake2b(data, digest_size=6).digest(), "big") / 2**48


def _meaningless(part: str, remedy: str) -> RecipeError:
    return RecipeError(f"{part!r} means nothing", where="faults", remedy=remedy)
