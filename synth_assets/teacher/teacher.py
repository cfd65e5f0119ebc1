"""Decides who answers a recipe: a server, a recording or the offline teacher, by the recipe and the settings."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from synth_assets.core.errors import RecipeError, TeacherError
from synth_assets.core.request import Target
from synth_assets.core.teacher_spec import OFFLINE_MODEL, Limits, TeacherSpec
from synth_assets.settings import DEFAULT_KEY, DEFAULT_TIMING, Settings, Timing
from synth_assets.teacher.admission.budget import Budget
from synth_assets.teacher.gateway import Gateway, OnReply, Route
from synth_assets.teacher.offline.transport import OfflineTransport
from synth_assets.teacher.prices import FREE, Price, Prices
from synth_assets.teacher.transports.batch import BatchTransport
from synth_assets.teacher.transports.replay import ReplayTransport, recording_hash
from synth_assets.teacher.transports.sdk import SdkTransport
from synth_assets.teacher.transports.sdk_compat import SdkCompatWatch
from synth_assets.teacher.transports.transport import Server, Transport, is_loopback
from synth_assets.teacher.wire import Dialect

_OFFLINE = "offline/1"
_BATCH = 2500
_BANNER = "offline teacher: answers are made by rules, not by a model"


@dataclass(frozen=True)
class Teacher:
    """Whoever answers a recipe's stages: a server, a recording, or the offline teacher."""

    target: Target
    notice: str
    limits: Limits
    spec: TeacherSpec
    _server: Server | None = None
    _recording: Path | None = None
    _home: Path | None = None
    _refusal: TeacherError | None = None
    _timing: Timing = DEFAULT_TIMING

    def require(self) -> None:
        """Raise TeacherError if this teacher can only be planned with, as its key is missing."""
        if self._refusal is not None:
            raise self._refusal

    def price(self) -> Price | None:
        """Return what a token costs; None where it is unknown."""
        if self._server is None:
            return FREE
        price = Prices(self._home).price(self.spec.model)
        return price.halved() if price and self.spec.mode == "batch" else price

    def gateway(self, *, budget: Budget | None = None, on_reply: OnReply | None = None) -> Gateway:
        """Open the gateway for one run of a stage; `on_reply` gets each reply before `ask` returns it."""
        self.require()
        server, limits = self._server, self.limits
        unlimited = server is None or self.spec.mode == "batch"
        route = Route(
            transport=self._transport(),
            limits=limits,
            price=self.price(),
            max_tokens=self.spec.max_tokens,
            where=self.target.endpoint,
            unlimited=unlimited,
            timing=self._timing,
            limit_key=None if server is None or unlimited else (server, self.spec.model, limits),
        )
        return Gateway(route, budget or Budget(), on_reply)

    def _transport(self) -> Transport:
        if self._recording is not None:
            return ReplayTransport(self._recording, self.spec.model)
        if self._server is None:
            return OfflineTransport()
        if self.spec.mode == "batch":
            return BatchTransport(self._server, self.target, (self._home or Path()) / "batches")
        if self.spec.transport == "sdk":
            return SdkTransport(self._server)
        from synth_assets.teacher.transports.http import HttpTransport  # it takes a moment, and not everyone asks

        dialect = dialect_of(self.spec)
        return HttpTransport(self._server, dialect, watch=SdkCompatWatch() if dialect == "mistral" else None)


def open_teacher(spec: TeacherSpec, settings: Settings, *, shipped: bool) -> Teacher:
    """Decide who answers. Nothing is asked yet; only a recording is read, for its hash."""
    override = settings.teacher or ""
    if override == OFFLINE_MODEL or (not override and spec.model == OFFLINE_MODEL):
        return _offline(spec, _BANNER)
    if override.startswith("replay:"):
        path = Path(override.removeprefix("replay:"))
        target = _target(spec, f"replay/{recording_hash(path)}", spec.model)
        return Teacher(target, f"replayed teacher: answers come from {path}", spec.limits, spec, None, path)
    if override:
        raise RecipeError(
            f"there is no teacher {override!r}", where="SYNTH_TEACHER", remedy="offline, replay:PATH, or leave it unset"
        )
    return _served(spec, settings, shipped=shipped)


def dialect_of(spec: TeacherSpec) -> Dialect:
    """Return how a server spells what Mistral and OpenAI spell differently."""
    if spec.dialect is not None:
        return spec.dialect
    elsewhere = spec.base_url is not None and not _is_mistral(spec.base_url)
    return "openai" if elsewhere and spec.transport == "http" else "mistral"


def _served(spec: TeacherSpec, settings: Settings, *, shipped: bool) -> Teacher:
    url = _clean(spec.base_url or settings.base_url)
    asks_for_key = spec.api_key_env is not None or spec.base_url is None or _is_mistral(url)
    key = settings.secret(spec.api_key_env) if asks_for_key else None
    variable, refusal = spec.api_key_env or DEFAULT_KEY, None
    if key is None and asks_for_key and not is_loopback(url):
        if shipped:
            return _offline(spec, f"{_BANNER}; set {variable} to ask {spec.model}")
        refusal = TeacherError(
            f"there is no key for {spec.model}: the variable {variable} is not set",
            where=url,
            remedy=f"set {variable}, or rehearse with SYNTH_TEACHER=offline",
        )
    server, target = Server(url, key, spec.limits.timeout_s, settings.timing), _target(spec, url, spec.model)
    return Teacher(target, "", _limits(spec), spec, server, None, settings.home, refusal, settings.timing)


def _limits(spec: TeacherSpec) -> Limits:
    """Raise the concurrency in batch mode: a batch is as large as what is in flight."""
    if spec.mode == "online":
        return spec.limits
    if dialect_of(spec) != "mistral":
        raise RecipeError("only Mistral's API has batch jobs", where="teacher.mode", remedy="set it to online")
    return spec.limits.model_copy(update={"concurrency": max(spec.limits.concurrency, _BATCH)})


def _offline(spec: TeacherSpec, notice: str) -> Teacher:
    return Teacher(_target(spec, _OFFLINE, OFFLINE_MODEL), notice, spec.limits, spec)


def _target(spec: TeacherSpec, endpoint: str, model: str) -> Target:
    return Target(endpoint, model, spec.sampling(), spec.structured)


def _clean(base_url: str) -> str:
    """Return the address without /v1, as every call key contains it; raise RecipeError if it holds a secret."""
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise RecipeError("this is no address of a server", where=base_url, remedy="write it as https://host[:port]")
    if parts.username is not None or parts.query:
        raise RecipeError(
            "base_url holds a name, a password or parameters",
            where=parts.hostname,
            remedy="put the key into a variable and name that with api_key_env",
        )
    return base_url.rstrip("/").removesuffix("/v1").rstrip("/")


def _host(base_url: str) -> str:
    return urlsplit(base_url).hostname or ""


def _is_mistral(url: str) -> bool:
    return f".{_host(url)}".endswith(".mistral.ai")
