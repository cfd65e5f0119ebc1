"""What is asked of a teacher and what comes back; the key under which an answer is never bought twice."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from synth_assets.core.canonical import Json, canonical_json, text_hash
from synth_assets.core.dialog import Message

KEY_SCHEME = "call/1"

Structured = Literal["json_schema", "json_object", "none"]


@dataclass(frozen=True, slots=True)
class Sampling:
    """The parameters of a model that shape its answer; None leaves the server's default."""

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Json]:
        """Return only what is set: a parameter added later leaves the keys of earlier calls as they were."""
        fields: dict[str, Json] = {
            "temperature": self.temperature,
            "top_p": self.top_p,
            "max_tokens": self.max_tokens,
            "stop": list(self.stop) or None,
        }
        return {name: value for name, value in fields.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Schema:
    """The JSON object an answer must be; `fields` is its JSON Schema, None for any object."""

    name: str
    fields: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What a stage wants to know, whoever answers: built by a pure function of one row."""

    messages: tuple[Message, ...]
    schema: Schema | None = None
    tools: tuple[Mapping[str, Json], ...] = ()
    draw: int = 0


@dataclass(frozen=True, slots=True)
class Target:
    """Who answers: an endpoint, a model on it, how it samples, and how it is made to answer in JSON."""

    endpoint: str
    model: str
    sampling: Sampling = Sampling()
    structured: Structured = "json_object"


@dataclass(frozen=True)
class Call:
    """A request addressed to a target. `repair` counts the times its answer was sent back as unreadable."""

    request: Request
    target: Target
    repair: int = 0

    @cached_property
    def key(self) -> str:
        """Return a hash of all that shapes the answer, and of nothing else (no timeouts, no concurrency)."""
        return text_hash(KEY_SCHEME, self.spelt)

    @cached_property
    def spelt(self) -> str:
        """Return all that shapes the answer in canonical JSON, as the ledger keeps it."""
        return canonical_json(self.to_json())

    def to_json(self) -> dict[str, Json]:
        """Return all that shapes the answer."""
        request, target = self.request, self.target
        body: dict[str, Json] = {
            "endpoint": target.endpoint,
            "model": target.model,
            "messages": [message.to_json() for message in request.messages],
            "draw": request.draw,
            "repair": self.repair,
            **target.sampling.to_json(),
        }
        if request.schema is not None:
            body["schema"] = {"name": request.schema.name, "fields": request.schema.fields}
            if target.structured != "json_object":
                body["structured"] = target.structured
        if request.tools:
            body["tools"] = list(request.tools)
        return body


@dataclass(frozen=True, slots=True)
class Reply:
    """A teacher's answer and what it took. A cost of None means that the price is not known."""

    text: str
    finish_reason: str
    model: str
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None
    latency_s: float
    attempts: int
    asked_at: float
    tool_calls: tuple[Mapping[str, Json], ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """No answer to this one call; the others go on. `reason` is short and countable, `detail` says more."""

    reason: str
    detail: str
    attempts: int


Outcome = Reply | Failure
