"""Mistral's API of files and batch jobs, through its SDK."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from synth_assets.teacher.call_error import CallError
from synth_assets.teacher.transports.sdk import open_sdk, outcome_of, wrong_shape
from synth_assets.teacher.transports.transport import Server
from synth_assets.teacher.wire import CHAT_PATH

if TYPE_CHECKING:
    from mistralai.client import Mistral

T = TypeVar("T")
TAG = "synth_assets"
_ATTEMPTS = 6
_TIMEOUT_S = 600.0
_RUNNING = frozenset({"QUEUED", "RUNNING", "CANCELLATION_REQUESTED"})


@dataclass(frozen=True, slots=True)
class JobState:
    """The state of a batch job, as the server reports it."""

    id: str
    status: str
    done: int
    total: int
    files: tuple[str, ...]

    @property
    def is_over(self) -> bool:
        """Whether it will not change any more."""
        return self.status not in _RUNNING


class BatchApi:
    """Retries what can be retried, and raises CallError when that does not help."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._sdk, self._client = open_sdk(server)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def submit(self, lines: Sequence[bytes], model: str, tag: str) -> JobState:
        """Create a job of these requests; one whose creation was not acknowledged is found by its tag."""
        upload = await self._try(
            lambda sdk: sdk.files.upload_async(
                file={"file_name": f"{tag}.jsonl", "content": b"".join(lines)}, purpose="batch"
            )
        )

        async def create(sdk: "Mistral") -> Any:
            return await self._found(sdk, tag) or await sdk.batch.jobs.create_async(
                endpoint=CHAT_PATH, model=model, input_files=[upload.id], metadata={TAG: tag}
            )

        return _state(await self._try(create))

    async def find(self, tag: str) -> JobState | None:
        """Return the job of that tag, if there is one."""
        found = await self._try(lambda sdk: self._found(sdk, tag))
        return None if found is None else _state(found)

    async def look(self, job_id: str) -> JobState:
        """Return the state of a job."""
        return _state(await self._try(lambda sdk: sdk.batch.jobs.get_async(job_id=job_id)))

    async def results(self, job: JobState) -> list[bytes]:
        """Return the lines of a job's result, answers and errors."""

        async def download(sdk: "Mistral", file: str) -> bytes:
            return await (await sdk.files.download_async(file_id=file)).aread()

        lines: list[bytes] = []
        for file in job.files:
            data: bytes = await self._try(partial(download, file=file))
            lines.extend(line for line in data.splitlines() if line.strip())
        return lines

    async def _found(self, sdk: "Mistral", tag: str) -> Any:
        listed = await sdk.batch.jobs.list_async(metadata={TAG: tag})
        return next((job for job in listed.data or () if (job.metadata or {}).get(TAG) == tag), None)

    async def _try(self, ask: Callable[["Mistral"], Awaitable[T]]) -> T:
        import httpx2

        for attempt in range(_ATTEMPTS):
            outcome = await outcome_of(ask(self._sdk), _TIMEOUT_S)
            if isinstance(outcome, httpx2.Response):
                outcome = wrong_shape(outcome)
            if not isinstance(outcome, CallError):
                return outcome
            outcome.detail = self._server.redact(outcome.detail)
            if outcome.kind in ("fatal", "request") or attempt == _ATTEMPTS - 1:
                raise outcome
            await asyncio.sleep(max(outcome.retry_after_s or 0.0, self._server.timing.backoff_s * 2**attempt))
        raise AssertionError("the last attempt returns or raises")


def _state(job: Any) -> JobState:
    files = tuple(file for file in (job.output_file, job.error_file) if isinstance(file, str) and file)
    return JobState(job.id, str(job.status), job.completed_requests, job.total_requests, files)
