"""Tokens are counted as mistral-common counts them."""

from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mistral_common.tokens.tokenizers.tekken import Tekkenizer

from synth_assets.exports.tokenizer import text_token_counter


@pytest.fixture(scope="module")
def tekken() -> Tekkenizer:
    return Tekkenizer.from_file(str(files("mistral_common") / "data" / "tekken_240911.json"))


@given(st.text(st.characters(), max_size=80))
def test_texts_are_counted_as_mistral_common_itself_counts_them(tekken: Tekkenizer, text: str) -> None:
    assert text_token_counter()(text) == len(tekken.encode(text, bos=False, eos=False))


@pytest.mark.parametrize("text", ["", " ", "<s>[INST] </s>", "こんにちは 👋 \u2028", "half \ud83d", "x" * 5_000])
def test_marks_and_scripts_are_no_trouble(tekken: Tekkenizer, text: str) -> None:
    assert text_token_counter()(text) == len(tekken.encode(text, bos=False, eos=False))
