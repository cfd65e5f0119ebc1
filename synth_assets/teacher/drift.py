"""Whether the API still is what its SDK says: one request and its reply, read by the SDK's own models."""

import asyncio
import json
import logging
from typing import Any

_log = logging.getLogger(__name__)


class DriftWatch:
    """Looks at the first exchange of a run, in a thread, and warns of what the SDK would not accept."""

    def __init__(self) -> None:
        self._looking: asyncio.Task[None] | None = None

    def see(self, body: bytes, reply: bytes) -> None:
        """An exchange; all but the first are let pass."""
        if self._looking is None:
            self._looking = asyncio.get_running_loop().create_task(self._look(body, reply))

    async def close(self) -> None:
        """Waits for the verdict."""
        if self._looking is not None:
            await self._looking

    async def _look(self, body: bytes, reply: bytes) -> None:
        for fault in await asyncio.to_thread(drift, body, reply):
            _log.warning("Mistral's API has changed, please report this: %s", fault)


def drift(body: bytes, reply: bytes) -> list[str]:
    """What the SDK's models find wrong with a request and its reply."""
    from mistralai.client import models

    return [
        *_faults("request", models.ChatCompletionRequest, json.loads(body)),
        *_faults("reply", models.ChatCompletionResponse, json.loads(reply)),
    ]


def _faults(what: str, model: Any, value: object) -> list[str]:
    from pydantic import ValidationError

    try:
        read = model.model_validate(value)
    except ValidationError as error:
        return [f"{what}: {fault['msg']} at {'.'.join(map(str, fault['loc']))}" for fault in error.errors()]
    missing = set(value) - set(read.model_dump(by_alias=True)) if isinstance(value, dict) and what == "request" else ()
    return [f"{what}: the SDK does not know {name!r}" for name in sorted(missing)]
