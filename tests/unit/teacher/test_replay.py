"""The recorded teacher repeats, and never makes anything up."""

from pathlib import Path

import pytest

from synth_assets import settings
from synth_assets.core.dialog import Message
from synth_assets.core.errors import TeacherError
from synth_assets.core.request import Call, Reply, Request
from synth_assets.core.teacher_spec import TeacherSpec
from synth_assets.teacher import Teacher, open_teacher
from synth_assets.teacher.transports.replay import line_of

ASKED = Request((Message("system", "Be brief."), Message("user", "Why is the sky blue?")))


def recorded(path: Path, text: str) -> Teacher:
    path.write_text(text, encoding="utf-8")
    return open_teacher(TeacherSpec(model="m"), settings.load({"SYNTH_TEACHER": f"replay:{path}"}), shipped=False)


async def ask(teacher: Teacher, request: Request) -> Reply:
    async with teacher.gateway() as gateway:
        reply = await gateway.ask(Call(request, teacher.target))
        assert isinstance(reply, Reply)
        return reply


async def test_it_says_what_was_said(tmp_path: Path) -> None:
    call = Call(ASKED, open_teacher(TeacherSpec(), settings.load({}), shipped=True).target)
    teacher = recorded(tmp_path / "r.jsonl", line_of(call, "Because, „ü“ 🌍.") + "\n")
    reply = await ask(teacher, ASKED)
    assert (reply.text, reply.model, reply.cost_usd) == ("Because, „ü“ 🌍.", "m", 0.0)


async def test_another_draw_is_another_question(tmp_path: Path) -> None:
    call = Call(ASKED, open_teacher(TeacherSpec(), settings.load({}), shipped=True).target)
    teacher = recorded(tmp_path / "r.jsonl", line_of(call, "Because."))
    with pytest.raises(
        TeacherError, match="nothing is recorded for draw 2 of the prompt that ends with 'Why is the sk"
    ):
        await ask(teacher, Request(ASKED.messages, draw=2))


async def test_a_broken_line_is_told_by_its_number(tmp_path: Path) -> None:
    teacher = recorded(tmp_path / "r.jsonl", '\n{"messages": "no list"}\n')
    with pytest.raises(TeacherError, match="line 2 is no recorded answer"):
        await ask(teacher, ASKED)


def test_another_recording_is_another_teacher(tmp_path: Path) -> None:
    one, other = recorded(tmp_path / "1.jsonl", "\n"), recorded(tmp_path / "2.jsonl", "\n\n")
    assert one.target.endpoint != other.target.endpoint
