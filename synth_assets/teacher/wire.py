"""The chat API on the wire: from a call to the body of a request, from a body to an answer. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from synth_assets.core.canonical import Json
from synth_assets.core.request import Call
from synth_assets.teacher.call_error import CallError, excerpt

Dialect = Literal["mistral", "openai"]
CHAT_PATH: Final = "/v1/chat/completions"
_DRAW_BITS = 10


@dataclass(frozen=True, slots=True)
class Completion:
    """The answer of one attempt. `counted` is False where the server did not report its tokens."""

    text: str
    finish_reason: str
    model: str
    prompt_tokens: int
    completion_tokens: int
    tool_calls: tuple[Mapping[str, Json], ...] = ()
    counted: bool = True
    id: str = ""


def chat_body(call: Call, dialect: Dialect) -> dict[str, Json]:
    """Return the body that asks for `call`, in the dialect of its server."""
    request, target = call.request, call.target
    body: dict[str, Json] = {
        "model": target.model,
        "messages": [message.to_json() for message in request.messages],
        **target.sampling.to_json(),
    }
    if request.draw:
        body["random_seed" if dialect == "mistral" else "seed"] = seed_of(call)
    if request.tools:
        body["tools"] = list(request.tools)
    if request.schema is not None and target.structured != "none":
        body["response_format"] = _response_format(call)
    return body


def seed_of(call: Call) -> int:
    """Return a seed that differs between calls and has the draw in its low bits."""
    return int(call.key[:5], 16) << _DRAW_BITS | draw_of(call.request.draw)


def draw_of(seed: int) -> int:
    """Return the draw that a seed was made for."""
    return seed & ((1 << _DRAW_BITS) - 1)


def encode(body: Mapping[str, Json]) -> bytes:
    """Encode as JSON in ASCII: half a surrogate pair in a source text is no reason to fail."""
    return json.dumps(body, separators=(",", ":")).encode("ascii")


def read_completion(data: bytes) -> Completion:
    """Return the answer in the body of a 200; raise CallError where it holds none."""
    try:
        body = json.loads(data)
    except ValueError:
        raise CallError("transient", "the response is not JSON", excerpt(data), billed=True) from None
    return parse_completion(body)


def parse_completion(body: Any) -> Completion:
    """Return the answer in a parsed body; raise CallError where it has another shape."""
    try:
        choice = body["choices"][0]
        message = choice["message"]
        usage = body.get("usage") or {}
        return Completion(
            text=text_of(message.get("content")),
            finish_reason=str(choice.get("finish_reason") or "unknown"),
            model=_string(body.get("model", "")),
            prompt_tokens=_count(usage.get("prompt_tokens", 0)),
            completion_tokens=_count(usage.get("completion_tokens", 0)),
            tool_calls=tuple(message.get("tool_calls") or ()),
            counted=bool(usage.get("prompt_tokens")),
            id=str(body.get("id") or ""),
        )
    except (KeyError, IndexError, TypeError, AttributeError):
        raise CallError(
            "transient", "the response has the wrong shape", excerpt(str(body).encode()), billed=True
        ) from None


def _response_format(call: Call) -> Json:
    schema = call.request.schema
    if schema is None or schema.fields is None or call.target.structured == "json_object":
        return {"type": "json_object"}
    named: Json = {"name": schema.name, "schema": schema.fields, "strict": True}
    return {"type": "json_schema", "json_schema": named}


def text_of(content: object) -> str:
    """Return the text of a message; of one in chunks, the chunks that are text (thoughts are not the answer)."""
    if isinstance(content, list):
        return "".join(_string(chunk["text"]) for chunk in content if chunk["type"] == "text")
    return "" if content is None else _string(content)


def _string(value: object) -> str:
    """Replace half surrogate pairs, which cannot be stored as UTF-8."""
    if not isinstance(value, str):
        raise TypeError
    return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _count(value: object) -> int:
    if not isinstance(value, int) or value < 0:
        raise TypeError
    return value
