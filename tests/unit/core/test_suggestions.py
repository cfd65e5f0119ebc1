"""A misspelt name is answered with the known name it is nearest to."""

from synth_assets.core.suggestions import did_you_mean, nearest_name, suggestion

COLUMNS = ("messages", "row_id", "Label")


def test_the_nearest_name_is_found_whatever_its_case():
    assert nearest_name("mesages", COLUMNS) == "messages"
    assert nearest_name("LABEL", COLUMNS) == "Label"
    assert nearest_name("zzz", COLUMNS) is None


def test_where_no_name_is_near_the_known_ones_are_listed():
    assert suggestion("mesages", COLUMNS) == 'did you mean "messages"?'
    assert suggestion("zzz", COLUMNS) == "there are: messages, row_id, Label"
    assert suggestion("zzz", ()) == "there are: none"


def test_a_sentence_can_end_with_a_suggestion_or_with_something_else():
    assert did_you_mean("lable", COLUMNS) == ', did you mean "Label"?'
    assert did_you_mean("zzz", COLUMNS) == ""
    assert did_you_mean("zzz", COLUMNS, " (it has none)") == " (it has none)"
