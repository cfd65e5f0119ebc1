"""Estimates the tokens of requests before they are sent, for plans and limits."""

from collections.abc import Callable
from dataclasses import dataclass

from synth_assets.core.request import Request
from synth_assets.exports.tokenizer import text_token_counter

_TEKKEN_MODELS = ("mistral-", "ministral-", "magistral-", "devstral-", "codestral-", "pixtral-", "open-mistral-nemo")
_OLDER = ("mistral-tiny", "mistral-large-240", "mistral-small-240", "mistral-medium-23", "codestral-2405")
_FRAME_TOKENS = 4
"""The tokens of a message besides its text: its role and the marks around it."""


def by_length(text: str) -> int:
    """Count tokens by the rule of thumb: one for each four characters."""
    return -(-len(text) // 4)


@dataclass(frozen=True, slots=True)
class TokenCounter:
    """A way to count the tokens of a text, with its name."""

    name: str
    count: Callable[[str], int]

    def of_request(self, request: Request) -> int:
        """Estimate the tokens of a prompt."""
        return sum(self.count(message.content) + _FRAME_TOKENS for message in request.messages)


def counter_for(model: str) -> TokenCounter:
    """Return the counter that fits a model best: Mistral's tokenizer if it is known to be that model's."""
    if model.startswith(_TEKKEN_MODELS) and not model.startswith(_OLDER):
        return TokenCounter("Mistral's tokenizer (tekken)", text_token_counter())
    return TokenCounter("a token for each 4 characters", by_length)
