"""Counts tokens with Mistral's tokenizers, as mistral-common ships them."""

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mistral_common.tokens.tokenizers.mistral import MistralTokenizer
    from mistral_common.tokens.tokenizers.tekken import Tekkenizer

TOKENIZER = "mistral-common tekken v3"
"""The tokenizer of training lines, as tables and manifests name it."""
_CHAT_VOCABULARY = "tekken_240718.json"
_TEXT_VOCABULARY = "tekken_240911.json"


def import_tokenizer() -> None:
    """Imports mistral-common ahead of its use. Its vocabulary is left for later: to parse it holds up every thread."""
    import mistral_common.tokens.tokenizers.mistral  # noqa: F401


def load_chat_tokenizer() -> "MistralTokenizer[Any, Any, Any, Any, Any]":
    """Load the tokenizer of training lines, in its fine-tuning mode. It takes a while: once per data set."""
    from mistral_common.protocol.instruct.normalize import InstructRequestNormalizer
    from mistral_common.protocol.instruct.validator import MistralRequestValidatorV3, ValidationMode
    from mistral_common.tokens.tokenizers.instruct import InstructTokenizerV3
    from mistral_common.tokens.tokenizers.mistral import MistralTokenizer

    return MistralTokenizer(
        InstructTokenizerV3(_load_vocabulary(_CHAT_VOCABULARY)),
        MistralRequestValidatorV3(ValidationMode.finetuning),
        InstructRequestNormalizer.normalizer(),
    )


@lru_cache(maxsize=1)
def text_token_counter() -> Callable[[str], int]:
    """Return a function that counts the tokens of a text by itself, without those that frame a message."""
    tokenizer = _load_vocabulary(_TEXT_VOCABULARY)
    return lambda text: len(tokenizer.encode(text, bos=False, eos=False))


def _load_vocabulary(name: str) -> "Tekkenizer":
    from importlib.resources import files

    from mistral_common.tokens.tokenizers.tekken import Tekkenizer

    class EncodeOnly(Tekkenizer):
        """mistral-common decodes its whole vocabulary when it loads and all it has encoded; counting needs neither."""

        def decode(self, *_: object, **__: object) -> str:
            return ""

    return EncodeOnly.from_file(str(files("mistral_common") / "data" / name))
