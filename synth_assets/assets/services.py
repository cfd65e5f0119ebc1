"""The processes that serve Dagster: started together, watched, and ended together with all that they started."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from synth_assets.core.errors import SynthError

POLITE_S = 12.0
TOLD_LINES = 15
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Service:
    """A process of its own group, and the file that holds what it says."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path


@dataclass
class Services:
    """Starts Python modules as processes. Leaving the `with` block ends them, and what they started."""

    logs: Path
    environment: Mapping[str, str]
    running: list[Service] = field(default_factory=list)

    def __enter__(self) -> "Services":
        self.logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, name: str, module: str, *arguments: str) -> Service:
        """Starts a module. It is deaf to the Ctrl-C of this terminal, so that it ends in order."""
        log = self.logs / f"{name}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(  # noqa: S603 - the modules are named in this package
                [sys.executable, "-m", module, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=dict(self.environment),
                start_new_session=True,
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,
            )
        service = Service(name, process, log)
        self.running.append(service)
        return service

    def raise_if_ended(self) -> None:
        """SynthError with the last words of a service that has ended by itself."""
        for service in self.running:
            code = service.process.poll()
            if code is not None:
                words = "\n".join(service.log.read_text("utf-8", "replace").splitlines()[-TOLD_LINES:])
                raise SynthError(
                    f"it ended with exit code {code}\n{words}", where=service.name, remedy=f"all it said: {service.log}"
                )

    def stop(self) -> None:
        """Asks all to end as Ctrl-C would, then without asking; runs that are under way end with them."""
        groups = [service.process.pid for service in self.running]
        for number, patience_s in ((signal.SIGINT, POLITE_S), (signal.SIGTERM, 3.0), (signal.SIGKILL, 3.0)):
            for group in groups:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(group, number)
            if self._have_ended(groups, patience_s):
                break
        self.running.clear()

    def _have_ended(self, groups: Sequence[int], patience_s: float) -> bool:
        """Waits for them. Another Ctrl-C ends the patience."""
        until = time.monotonic() + patience_s
        with contextlib.suppress(KeyboardInterrupt):
            while time.monotonic() < until:
                for service in self.running:
                    service.process.poll()
                if not any(map(_is_alive, groups)):
                    return True
                time.sleep(0.05)
        return False


def _end_with_parent() -> None:
    """Runs in the child: should this process be killed, so that it can end nobody, the kernel does it.

    Whoever started this process may have made it deaf to Ctrl-C; its services must hear.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def _is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def require_free(host: str, port: int) -> None:
    """Raise SynthError if the port cannot be had."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SynthError(
                f"port {port} cannot be used: {error.strerror}",
                where=host,
                remedy=f"end what listens there, or take another: `synth up --port {port + 1}`",
            ) from error


def is_listening(host: str, port: int) -> bool:
    """Return whether somebody answers there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0
