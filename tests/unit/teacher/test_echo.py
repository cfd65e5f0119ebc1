"""A response that answers another call is noticed."""

from synth_assets.teacher.echo import Echoes


def test_an_id_answers_one_question() -> None:
    echoes = Echoes()
    assert not echoes.is_echo("1", b"a")
    assert not echoes.is_echo("2", b"b")
    assert echoes.is_echo("1", b"c")
    assert not echoes.is_echo("1", b"a"), "a cache in between may give the same answer to the same question"


def test_ids_that_mean_nothing_are_ignored() -> None:
    echoes = Echoes()
    assert not any(echoes.is_echo("same", b"%d" % number) for number in range(5))
    assert not any(Echoes().is_echo("", b"%d" % number) for number in range(5))


def test_it_does_not_grow_without_end() -> None:
    echoes = Echoes()
    for number in range(20_000):
        assert not echoes.is_echo(str(number), b"%d" % number)
    assert not echoes.is_echo("0", b"long forgotten")
    assert echoes.is_echo("19999", b"just now")
