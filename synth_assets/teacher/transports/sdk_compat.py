"""Checks whether the API still is what its SDK expects, by one request and its reply."""

import asyncio
import json
import logging
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

_log = logging.getLogger(__name__)
_WARNING = "the teacher's API is not what Mistral's SDK expects, please report this: %s"


class SdkCompatWatch:
    """Looks at the first exchange of a stage, in a thread, and warns of what the SDK would not accept.

    It only ever warns: a run that gets its answers is none the worse for what a model of the SDK makes of them.
    """

    def __init__(self) -> None:
        self._looking: asyncio.Future[list[str]] | None = None

    def see(self, body: bytes, reply: bytes) -> None:
        """Check the first exchange, and ignore the others."""
        if self._looking is None:
            self._looking = asyncio.get_running_loop().run_in_executor(None, find_incompatibilities, body, reply)

    async def close(self) -> None:
        """Wait for the check, and log what it found."""
        if self._looking is None:
            return
        (found,) = await asyncio.gather(self._looking, return_exceptions=True)
        for fault in [f"its models fail: {found!r}"] if isinstance(found, BaseException) else found:
            _log.warning(_WARNING, fault)


def find_incompatibilities(body: bytes, reply: bytes) -> list[str]:
    """Return what the SDK's models find wrong with a request and its reply."""
    # One by one: the SDK's list of all models takes twice as long to load.
    from mistralai.client.models.chatcompletionrequest import ChatCompletionRequest
    from mistralai.client.models.chatcompletionresponse import ChatCompletionResponse

    return [
        *_faults("request", ChatCompletionRequest, json.loads(body)),
        *_faults("reply", ChatCompletionResponse, json.loads(reply)),
    ]


def _faults(what: str, model: Any, value: object) -> list[str]:
    try:
        read = model.model_validate(value)
    except ValidationError as error:
        return [f"{what}: {fault['msg']} at {'.'.join(map(str, fault['loc']))}" for fault in error.errors()]
    return [f"{what}: the SDK does not know {path!r}" for path in _unknown(value, read.model_dump(by_alias=True))]


def _unknown(sent: object, read: object, path: str = "") -> Iterator[str]:
    """Yield the paths of values that the SDK has dropped; a null that it dropped does not count."""
    if isinstance(sent, dict) and isinstance(read, dict):
        for name, value in sent.items():
            if name in read:
                yield from _unknown(value, read[name], f"{path}{name}.")
            elif value is not None:
                yield f"{path}{name}"
    elif isinstance(sent, list) and isinstance(read, list):
        for number, (value, other) in enumerate(zip(sent, read, strict=False)):
            yield from _unknown(value, other, f"{path}{number}.")
