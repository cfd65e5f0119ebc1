"""Responses that belong to another call are noticed by their ids, where ids mean something."""

from synth_assets.teacher.transports.duplicate_guard import DuplicateGuard


def test_an_id_answers_one_question() -> None:
    echoes = DuplicateGuard()
    assert not echoes.is_echo("1", b"a", b"A")
    assert not echoes.is_echo("2", b"b", b"B")
    assert echoes.is_echo("1", b"c", b"A")
    assert not echoes.is_echo("1", b"a", b"A"), "a cache in between may give the same answer to the same question"


def test_the_very_first_answer_can_come_twice_too() -> None:
    echoes = DuplicateGuard()
    assert not echoes.is_echo("1", b"a", b"A")
    assert echoes.is_echo("1", b"b", b"A")
    assert not echoes.is_echo("2", b"b", b"B")
    assert echoes.is_echo("2", b"c", b"B"), "ids have meant something all along"


def test_ids_that_mean_nothing_are_ignored() -> None:
    echoes = DuplicateGuard()
    assert not any(echoes.is_echo("same", b"%d" % number, b"answer %d" % number) for number in range(5))
    assert not any(DuplicateGuard().is_echo("", b"%d" % number, b"") for number in range(5))


def test_one_answer_to_everything_is_asked_for_again_once() -> None:
    echoes = DuplicateGuard()
    assert [echoes.is_echo("same", b"%d" % number, b"yes") for number in range(5)] == [False, True, False, False, False]


def test_it_does_not_grow_without_end() -> None:
    echoes = DuplicateGuard()
    for number in range(20_000):
        assert not echoes.is_echo(str(number), b"%d" % number, b"")
    assert not echoes.is_echo("0", b"long forgotten", b"")
    assert echoes.is_echo("19999", b"just now", b"")
