"""How many tokens a text has, as a plan needs to know it before anything is sent."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from synth_assets.core.request import Request

_TEKKEN = "tekken_240911.json"
_TEKKEN_MODELS = ("mistral-", "ministral-", "magistral-", "devstral-", "codestral-", "pixtral-", "open-mistral-nemo")
_OLDER = ("mistral-tiny", "mistral-large-240", "mistral-small-240", "mistral-medium-23", "codestral-2405")
_FRAME_TOKENS = 4
"""What a message takes beside its text: its role and the marks around it."""


def by_length(text: str) -> int:
    """The rule of thumb: a token for each four characters."""
    return -(-len(text) // 4)


@dataclass(frozen=True, slots=True)
class TokenCounter:
    """A way to count, which says what it is."""

    name: str
    count: Callable[[str], int]

    def of_request(self, request: Request) -> int:
        """The tokens of a prompt, as nearly as they can be told beforehand."""
        return sum(self.count(message.content) + _FRAME_TOKENS for message in request.messages)


def counter_for(model: str) -> TokenCounter:
    """The counter that fits a model best: Mistral's tokenizer where it is known to be that model's."""
    if model.startswith(_TEKKEN_MODELS) and not model.startswith(_OLDER):
        return TokenCounter("Mistral's tokenizer (tekken)", _tekken())
    return TokenCounter("a token for each 4 characters", by_length)


def estimate_tokens(texts: Iterable[str], model: str) -> tuple[int, str]:
    """The tokens of all these texts together, and by what they were counted."""
    counter = counter_for(model)
    return sum(map(counter.count, texts)), counter.name


@lru_cache(maxsize=1)
def _tekken() -> Callable[[str], int]:
    from pathlib import Path

    import mistral_common
    from mistral_common.tokens.tokenizers.tekken import Tekkenizer

    tokenizer = Tekkenizer.from_file(str(Path(mistral_common.__file__).parent / "data" / _TEKKEN))
    return lambda text: len(tokenizer.encode(text, bos=False, eos=False))
