"""What of a server is shown."""

from hypothesis import given
from hypothesis import strategies as st

from synth_assets.teacher.transports.transport import Server

KEY = "sk-never-to-be-seen-4711"


@given(before=st.text(max_size=40), after=st.text(max_size=40), cut=st.integers(0, 60))
def test_a_key_that_a_server_repeats_is_left_out_wherever_it_is_cut(before: str, after: str, cut: int) -> None:
    shown = Server("http://here", KEY).redact(f"{before}{KEY}{after}"[:cut])
    assert KEY[:6] not in shown


def test_all_else_stays() -> None:
    assert Server("http://here", KEY).redact("no such model: s") == "no such model: s"
    assert Server("http://here").redact(KEY) == KEY
    assert KEY not in repr(Server("http://here", KEY))
