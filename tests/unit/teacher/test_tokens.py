"""How many tokens a text has, and who counted."""

from synth_assets.teacher.tokens import by_length, counter_for, estimate_tokens

TEXT = "The planets go round the sun, and the moon goes round the earth. "


def test_mistrals_models_are_counted_by_mistrals_tokenizer() -> None:
    tokens, by = estimate_tokens([TEXT, TEXT], "mistral-small-latest")
    assert "tekken" in by
    assert 28 <= tokens <= 36


def test_others_are_counted_by_length_and_it_says_so() -> None:
    assert estimate_tokens([TEXT], "llama-3") == (by_length(TEXT), "a token for each 4 characters")
    assert counter_for("mistral-large-2407").name == "a token for each 4 characters"
    assert estimate_tokens([], "llama-3")[0] == 0
