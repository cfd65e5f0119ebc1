"""Batch mode: calls gather, go out together as a job at half the price, and come back when the server has time."""

import asyncio
import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from synth_assets.core.request import Call, Target
from synth_assets.teacher.call_error import CallError, error_from_status
from synth_assets.teacher.transports.batch_api import BatchApi, JobState
from synth_assets.teacher.transports.job_file import JobFile, orphans
from synth_assets.teacher.transports.transport import Server
from synth_assets.teacher.wire import Completion, chat_body, encode, parse_completion

_log = logging.getLogger(__name__)
_LARGEST_JOB = 10_000
_SELDOMEST_LOOK_S = 30.0


class BatchTransport:
    """Sends calls as batch jobs. A job is found again by its tag if this process dies, and never sent twice."""

    def __init__(self, server: Server, target: Target, folder: Path) -> None:
        self._server = server
        self._target = target
        self._folder = folder
        self._control: BatchApi | None = None
        self._gathered: dict[str, bytes] = {}
        self._waiting: dict[str, asyncio.Future[Completion]] = {}
        self._under_way: set[str] = set()
        self._arrived: dict[str, Completion | CallError] = {}
        self._left_behind: dict[str, JobFile] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._jobs: set[asyncio.Task[None]] = set()
        self._finished: list[JobFile] = []

    async def __aenter__(self) -> Self:
        self._control = BatchApi(self._server)
        for file in orphans(self._folder, self._whom()):
            self._left_behind.update(dict.fromkeys(file.keys, file))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for job in self._jobs:
            job.cancel()
        await asyncio.gather(*self._jobs, return_exceptions=True)
        for file in set(self._left_behind.values()):
            file.release()
        for file in self._finished:
            file.drop() if kind is None else file.release()
        if self._control is not None:
            await self._control.close()

    def encode(self, call: Call) -> bytes:
        """Return the call as a line of a job's file; the job names the model."""
        body = chat_body(call, "mistral")
        del body["model"]
        return encode({"custom_id": call.key, "body": body}) + b"\n"

    async def send(self, call: Call, body: bytes) -> tuple[Completion, Mapping[str, str]]:
        """Return the answer once the job of the call is done."""
        arrived = self._arrived.pop(call.key, None)
        if isinstance(arrived, Completion):
            return arrived, {}
        if arrived is not None:
            raise arrived
        answer = self._waiting.get(call.key)
        if answer is None:
            answer = self._waiting[call.key] = asyncio.get_running_loop().create_future()
            if call.key in self._left_behind:
                self._take_up(self._left_behind[call.key])
            elif call.key not in self._under_way:
                self._gather(call.key, body)
        return await asyncio.shield(answer), {}

    def _gather(self, key: str, line: bytes) -> None:
        """Submit a job when it is full, or when no call was added for a while."""
        self._gathered[key] = line
        if self._timer is not None:
            self._timer.cancel()
        wait_s = 0.0 if len(self._gathered) >= _LARGEST_JOB else self._server.timing.batch_gather_s
        self._timer = asyncio.get_running_loop().call_later(wait_s, self._send_out)

    def _send_out(self) -> None:
        lines, self._gathered = self._gathered, {}
        if lines:
            self._start(JobFile.write(self._folder, self._whom(), frozenset(lines)), list(lines.values()))

    def _take_up(self, file: JobFile) -> None:
        self._left_behind = {key: other for key, other in self._left_behind.items() if other is not file}
        self._start(file, [])

    def _start(self, file: JobFile, lines: list[bytes]) -> None:
        self._under_way |= file.keys
        task = asyncio.get_running_loop().create_task(self._see_through(file, lines))
        self._jobs.add(task)
        task.add_done_callback(lambda done: self._ended(done, file))

    async def _see_through(self, file: JobFile, lines: list[bytes]) -> None:
        """See a job through: whoever waits for one of its answers gets it, or the reason why not."""
        control = self._control
        assert control is not None
        try:
            job = await (control.submit(lines, self._target.model, file.tag) if lines else control.find(file.tag))
            results: list[bytes] = []
            if job is not None:
                job = await self._wait_for(control, job)
                results = await control.results(job)
        except CallError as error:
            # Who asks again is to find this job, if there is one, and not to pay for another.
            self._left_behind.update(dict.fromkeys(file.keys, file))
            self._settle(file.keys, error)
            return
        for line in results:
            with suppress(ValueError):  # a line that was cut brings no answer: its call is asked again
                self._deliver(json.loads(line))
        status = "was never made" if job is None else f"ended as {job.status}"
        self._settle(file.keys, CallError("transient", "the batch job brought no answer", f"it {status}"))
        self._finished.append(file)

    async def _wait_for(self, control: BatchApi, job: JobState) -> JobState:
        pause_s = self._server.timing.batch_poll_s
        reported: JobState | None = None
        while not job.is_over:
            if job != reported:
                _log.info("batch job %s: %s, %d of %d done", job.id, job.status, job.done, job.total)
            reported = job
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 1.5, _SELDOMEST_LOOK_S)
            job = await control.look(job.id)
        return job

    def _ended(self, task: "asyncio.Task[None]", file: JobFile) -> None:
        self._jobs.discard(task)
        if task.cancelled():
            file.release()
        elif (bug := task.exception()) is not None:
            file.release()
            self._settle(file.keys, bug)

    def _deliver(self, result: Mapping[str, object]) -> None:
        """Hand out one line of a result; of an answer that comes twice, the first counts."""
        key = str(result.get("custom_id"))
        answer = self._waiting.pop(key, None)
        outcome = _read(result)
        if answer is None:
            self._arrived.setdefault(key, outcome)
        elif isinstance(outcome, CallError):
            _fail(answer, outcome)
        else:
            answer.set_result(outcome)

    def _settle(self, keys: frozenset[str], error: BaseException) -> None:
        """Fail the calls that still wait for a job that is over."""
        self._under_way -= keys
        for key in keys:
            answer = self._waiting.pop(key, None)
            if answer is not None:
                _fail(answer, error)

    def _whom(self) -> tuple[str, str]:
        return self._target.endpoint, self._target.model


def _fail(answer: "asyncio.Future[Completion]", error: BaseException) -> None:
    answer.set_exception(error)
    answer.exception()  # whoever asked may be gone: then nobody is to be warned


def _read(result: Mapping[str, object]) -> Completion | CallError:
    response = result.get("response")
    status = response.get("status_code") if isinstance(response, Mapping) else None
    body = response.get("body") if isinstance(response, Mapping) else None
    if status != 200 or result.get("error"):
        text = json.dumps(result.get("error") or body).encode()
        return error_from_status(status if isinstance(status, int) and status != 200 else 500, {}, text)
    try:
        return parse_completion(body)
    except CallError as error:
        return error
