"""Batch mode: the same answers under the same keys at half the price, and no job is ever paid twice."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession

from synth_assets import settings
from synth_assets.core.errors import BudgetError, RecipeError, TeacherError
from synth_assets.core.request import Failure, Reply
from synth_assets.core.teacher_spec import TeacherSpec
from synth_assets.settings import Timing
from synth_assets.teacher import Budget, open_teacher
from synth_assets.teacher.served.server import ServedTeacher
from synth_assets.teacher.transports.batch_api import BatchApi, JobState
from tests.support.served_gateway import KEY, Desk, repeat

MODEL = "mistral-small-latest"


FAST = Timing(backoff_s=0.02, batch_gather_s=0.05, batch_poll_s=0.02)


@asynccontextmanager
async def batch_desk(server: ServedTeacher, home: Path, budget: Budget | None = None) -> AsyncIterator[Desk]:
    env = {"MISTRAL_BASE_URL": server.url, "MISTRAL_API_KEY": KEY, "SYNTH_HOME": str(home)}
    teacher = open_teacher(TeacherSpec(model=MODEL, mode="batch"), settings.load(env, timing=FAST), shipped=False)
    async with teacher.gateway(budget=budget) as gateway:
        yield Desk(server, teacher, gateway)


async def test_answers_come_back_to_their_calls_at_half_the_price(tmp_path: Path) -> None:
    async with ServedTeacher(repeat) as server, batch_desk(server, tmp_path) as it:
        outcomes = await it.ask_all(it.calls(map(str, range(50))))
        assert [reply.text for reply in outcomes] == [f"you said {n}" for n in range(50)]
        assert it.gateway.stats.cost_usd == pytest.approx(50 * (10 * 0.15 + 5 * 0.6) / 2e6)
        assert server.stats()["calls"] == 0, "nothing was asked online"
    assert list(tmp_path.glob("batches/*")) == []


async def test_progress_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "synth_assets.teacher.transports.batch")
    async with ServedTeacher(repeat, "batch=100ms") as server, batch_desk(server, tmp_path) as it:
        await it.ask_all(it.calls(["one", "two"]))
    assert any(message.endswith("RUNNING, 0 of 2 done") for message in caplog.messages)


async def test_of_answers_that_come_twice_the_first_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results = BatchApi.results

    async def twice(self: BatchApi, job: JobState) -> list[bytes]:
        lines = await results(self, job)
        return [*lines, *(line.replace(b"you said", b"you never said") for line in reversed(lines)), b"{torn"]

    monkeypatch.setattr(BatchApi, "results", twice)
    async with ServedTeacher(repeat) as server, batch_desk(server, tmp_path) as it:
        outcomes = await it.ask_all(it.calls(map(str, range(20))))
        assert [getattr(outcome, "text", outcome) for outcome in outcomes] == [f"you said {n}" for n in range(20)]
        assert it.gateway.stats.prompt_tokens == server.counts.prompt_tokens


async def test_the_keys_are_those_of_calls_online(tmp_path: Path) -> None:
    async with ServedTeacher(repeat) as server, batch_desk(server, tmp_path) as it:
        env = {"MISTRAL_BASE_URL": server.url}
        online = open_teacher(TeacherSpec(model=MODEL), settings.load(env, timing=FAST), shipped=False)
        assert it.teacher.target == online.target


async def test_what_fails_in_one_batch_is_asked_in_the_next(tmp_path: Path) -> None:
    async with ServedTeacher(repeat, "500=30%") as server, batch_desk(server, tmp_path) as it:
        outcomes = await it.ask_all(it.calls(map(str, range(40))))
        assert [getattr(outcome, "text", outcome) for outcome in outcomes] == [f"you said {n}" for n in range(40)]
        assert server.stats()["answers"] == 40


async def test_what_can_not_be_answered_fails_alone(tmp_path: Path) -> None:
    async with ServedTeacher(repeat, "400=30%") as server, batch_desk(server, tmp_path) as it:
        await it.ask_all(it.calls(["first"]))
        outcomes = await it.ask_all(it.calls(map(str, range(40))))
        assert {type(outcome) for outcome in outcomes} == {Reply, Failure}
        assert {(o.reason, o.attempts) for o in outcomes if isinstance(o, Failure)} == {("refused (400)", 1)}


async def test_whoever_comes_after_a_crash_finds_the_job_again(tmp_path: Path) -> None:
    async with ServedTeacher(repeat, "batch=300ms") as server:
        async with batch_desk(server, tmp_path) as it:
            asking = asyncio.ensure_future(it.ask_all(it.calls(map(str, range(30)))))
            await asyncio.sleep(0.2)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
        assert len(list(tmp_path.glob("batches/*"))) == 1
        async with batch_desk(server, tmp_path) as it:
            outcomes = await it.ask_all(it.calls(map(str, range(35))))
            assert [reply.text for reply in outcomes] == [f"you said {n}" for n in range(35)]
        assert server.stats()["answers"] == 35, "30 were in the first job, and only 5 in the second"
    assert list(tmp_path.glob("batches/*")) == []


async def test_a_job_that_was_never_made_is_made(tmp_path: Path) -> None:
    """It died between its note and its job."""
    async with ServedTeacher(repeat) as server:
        async with batch_desk(server, tmp_path) as it:
            (call,) = it.calls(["hello"])
        folder = tmp_path / "batches"
        folder.mkdir(exist_ok=True)
        note = f'{{"target": ["{server.url}", "{MODEL}"], "keys": ["{call.key}"]}}'
        (folder / "0123456789abcdef.json").write_text(note)
        (folder / "broken.json").write_text('{"target": ["htt')
        async with batch_desk(server, tmp_path) as it:
            (reply,) = await it.ask_all([call])
            assert isinstance(reply, Reply)
        assert server.stats()["answers"] == 1


async def test_a_key_that_is_not_accepted_stops_the_run(tmp_path: Path) -> None:
    async with ServedTeacher(repeat, "expire_key_after=0") as server, batch_desk(server, tmp_path) as it:
        with pytest.raises(TeacherError, match="401"):
            await it.ask_all(it.calls(["one", "two"]))


async def test_a_budget_holds_for_batches_too(tmp_path: Path) -> None:
    async with ServedTeacher(repeat) as server, batch_desk(server, tmp_path, Budget(calls=20)) as it:
        with pytest.raises(BudgetError):
            await it.ask_all(it.calls(map(str, range(40))))
        assert server.stats()["answers"] <= 20


def test_only_mistral_has_batches() -> None:
    spec = TeacherSpec(model="m", mode="batch", base_url="http://gpu-box:8000")
    with pytest.raises(RecipeError, match="only Mistral's API has batch jobs"):
        open_teacher(spec, settings.load({}), shipped=False)


DYING = """
import asyncio, sys
from pathlib import Path
from synth_assets.core.dialog import Message
from synth_assets.core.request import Call, Request
from synth_assets.teacher import open_teacher
from synth_assets.core.teacher_spec import TeacherSpec
from synth_assets import settings

async def main():
    env = {"MISTRAL_BASE_URL": sys.argv[1], "SYNTH_HOME": sys.argv[2]}
    fast = settings.load(env, timing=settings.Timing(batch_gather_s=0.05))
    teacher = open_teacher(TeacherSpec(model="mistral-small-latest", mode="batch"), fast, shipped=False)
    async with teacher.gateway() as gateway:
        calls = [Call(Request((Message("user", str(number)),)), teacher.target) for number in range(20)]
        await asyncio.gather(*map(gateway.ask, calls))

asyncio.run(main())
"""


async def test_a_process_that_is_killed_leaves_a_job_that_is_found(tmp_path: Path) -> None:
    async with ServedTeacher(repeat, "batch=500ms") as server:
        command = (sys.executable, "-c", DYING, server.url, str(tmp_path))
        process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)
        async with ClientSession() as session:
            while not (await (await session.get(f"{server.url}/v1/batch/jobs")).json())["total"]:
                assert process.returncode is None
                await asyncio.sleep(0.02)
        process.kill()
        await process.wait()
        async with batch_desk(server, tmp_path) as it:
            outcomes = await it.ask_all(it.calls(map(str, range(20))))
        assert [reply.text for reply in outcomes] == [f"you said {n}" for n in range(20)]
        assert server.stats()["answers"] == 20, "nothing was made twice"
