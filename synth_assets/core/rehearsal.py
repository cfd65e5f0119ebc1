"""What the offline teacher's rehearsals share: dice that fall the same way each time, and telling words of a text."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from synth_assets.core.canonical import Json
from synth_assets.core.request import Request

_FLIP_OF_TEN = 3


@dataclass(frozen=True, slots=True)
class Dice:
    """Choices that depend on what is asked (`common`) and on which draw it is (`own`)."""

    common: int
    own: int

    @classmethod
    def of(cls, request: Request) -> "Dice":
        """Return the dice of a request."""
        text = "\n".join(f"{message.role}:{message.content}" for message in request.messages)
        common = number_of(text)
        return cls(common, common if not request.draw else number_of(f"{common}/{request.draw}"))

    def at(self, path: str) -> "Dice":
        """Return the dice for one part of an answer."""
        return Dice(number_of(f"{self.common}/{path}"), number_of(f"{self.own}/{path}"))

    def pick(self, choices: Sequence[Json]) -> Json:
        """Choose mostly the same for all draws of a question, now and then another one."""
        number = self.own // 10 if self.flips else self.common
        return choices[number % len(choices)]

    @property
    def flips(self) -> bool:
        """Say whether this draw may differ from the others."""
        return self.own % 10 < _FLIP_OF_TEN

    @property
    def mood(self) -> int:
        """Return a number that is mostly the same for all draws of a question."""
        return self.own if self.flips else self.common


def number_of(text: str) -> int:
    """Return a large number that depends on the text alone."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def first_of_role(request: Request, role: str) -> str:
    """Return the first message that a role speaks: what comes later are repairs. Empty if there is none."""
    return next((message.content for message in request.messages if message.role == role), "")


def telling_words(text: str, *, shortest: int = 5, seen: int = 60, kept: int = 24) -> Sequence[str]:
    """Return the longest of the first words of a text, the longest first; never none."""
    words = re.findall(rf"[^\W\d_]{{{shortest},20}}", text[:4_000])
    found = dict.fromkeys(word.lower() for word in words)
    return sorted(list(found)[:seen], key=lambda word: -len(word))[:kept] or ["this"]
