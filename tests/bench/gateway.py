"""Ways to ask a teacher, side by side: `python tests/bench/gateway.py [--prompts 2000] [--repeat 3]`.

Each way runs in a process of its own against a served teacher in another. Share is of the ideal rate, which is
what is in flight over the latency; CPU is all that the asking process used, for a call. Other tools take part if
they are installed, each in an environment of its own, and are measured from outside, start-up included:

    python -m venv X && X/bin/pip install "distilabel[openai]" requests     # or bespokelabs-curator, …
    python tests/bench/gateway.py --peer distilabel=X/bin/python            # curator, data_designer, sdg_hub

Some of it: `--cell 64x0.5` (at once x seconds), `--ways ours,SDK` (parts of names), `--ways storm` for the servers
that refuse what is too much.
"""

import argparse
import asyncio
import atexit
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from synth_assets import settings
from synth_assets.core.contract import WHOLE
from synth_assets.core.dialog import Message
from synth_assets.core.request import Call, Reply, Request
from synth_assets.core.teacher_spec import Limits, TeacherSpec
from synth_assets.teacher import open_teacher

if TYPE_CHECKING:
    from synth_assets.engine import Engine

MODEL = "mistral-small-latest"
KEY = "none"
CELLS = ((64, 0.5), (64, 0.05), (256, 0.05))
SERVE = """
from synth_assets.teacher.served.chat import plain_answers
from synth_assets.teacher.served.server import serve
serve("127.0.0.1", 0, plain_answers(1000), faults="{faults}", on_start=lambda url: print(url, flush=True))
"""
STORMS = {
    "storm: 20/s": (1000, 64, 20.0, "rate=20/s,retry_after=1s,latency=50ms"),
    "storm: 20/s, unsaid when": (1000, 64, 20.0, "rate=20/s,latency=50ms"),
    "storm: 20/s, named": (1000, 64, 20.0, "rate=20/s,names_rate=1,retry_after=1s,latency=50ms"),
    "storm: 100 at once": (6000, 256, 400.0, "max_in_flight=100,retry_after=0.1s,latency=250ms"),
    "storm: 100, unsaid when": (6000, 256, 400.0, "max_in_flight=100,latency=250ms"),
}
"""Servers that refuse: calls, how many we would send at once, what the server stands a second, and how it does it."""
PEERS = Path(__file__).parent / "peers"
FEW = 30
LEAST_S = 2.0
"""Who is fast asks for so long at least: the start is not to be half of the story."""


def text(number: int) -> str:
    return f"Question {number}: " + "what is it that makes the grass so green and the sky so blue? " * 8


def messages(number: int) -> list[dict[str, str]]:
    return [{"role": "user", "content": text(number)}]


def naive_loop(url: str, at_once: int, prompts: int) -> int:
    """The guide's loop over the SDK: one after the other, a few of them only."""
    from mistralai.client import Mistral

    client = Mistral(api_key=KEY, server_url=url)
    for number in range(min(FEW, prompts)):
        client.chat.complete(model=MODEL, messages=messages(number))
    return min(FEW, prompts)


def thread_pool(url: str, at_once: int, prompts: int) -> int:
    """The guide's `process_map`: the SDK in 20 threads."""
    from mistralai.client import Mistral

    client = Mistral(api_key=KEY, server_url=url)
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda number: client.chat.complete(model=MODEL, messages=messages(number)), range(prompts)))
    return prompts


def sdk_async(url: str, at_once: int, prompts: int) -> int:
    """The SDK's asynchronous client, as many at once as wanted."""
    from mistralai.client import Mistral

    async def main() -> None:
        async with Mistral(api_key=KEY, server_url=url) as client:
            turn = asyncio.Semaphore(at_once)

            async def one(number: int) -> None:
                async with turn:
                    await client.chat.complete_async(model=MODEL, messages=messages(number))

            await asyncio.gather(*map(one, range(prompts)))

    asyncio.run(main())
    return prompts


def ours(url: str, at_once: int, prompts: int, *, transport: str = "http", ledger: bool = False) -> int:
    """The gateway as the engine uses it: a window of rows, twice as wide as what is in flight."""
    spec = TeacherSpec(model=MODEL, transport=transport, limits=Limits(concurrency=at_once))
    teacher = open_teacher(spec, settings.load({"MISTRAL_BASE_URL": url, "MISTRAL_API_KEY": KEY}), shipped=False)
    numbers = iter(range(prompts))

    async def main(on_reply: Callable[[Call, Reply], None] | None) -> None:
        async with teacher.gateway(on_reply=on_reply) as gateway:

            async def row() -> None:
                for number in numbers:
                    call = Call(Request((Message("user", text(number)),)), teacher.target)
                    assert isinstance(await gateway.ask(call), Reply)

            await asyncio.gather(*(row() for _ in range(2 * at_once)))

    if not ledger:
        asyncio.run(main(None))
        return prompts
    from synth_assets.engine.ledger.session import LedgerScope, LedgerSession

    home = lake_home()
    with LedgerSession(home.lake, home.settings.journal, LedgerScope("bench", "bench", "asked", WHOLE)) as session:
        asyncio.run(main(session.record))

    return prompts


@cache
def lake_home() -> "Engine":
    """A lake to keep replies in, each on disk within 50 ms and in the lake before its run ends; opened once."""
    from synth_assets.engine import Engine

    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    return Engine(settings.load({"SYNTH_HOME": folder.name}))


WAYS: dict[str, Callable[[str, int, int], int]] = {
    "naive loop": naive_loop,
    "20 threads": thread_pool,
    "SDK async": sdk_async,
    "ours, sdk": lambda url, at_once, prompts: ours(url, at_once, prompts, transport="sdk"),
    "ours, http": ours,
    "ours, http + ledger": lambda url, at_once, prompts: ours(url, at_once, prompts, ledger=True),
}


def measure_here(way: str, url: str, at_once: int, prompts: int) -> None:
    """In the process that asks: runs once, and prints what it took."""
    WAYS[way](url, 4, 4)  # imports and first connections are not the subject
    before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    done = WAYS[way](url, at_once, prompts)
    wall_s, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({"done": done, "wall_s": wall_s, "cpu_s": cpu_s, "peak_mb": after.ru_maxrss / 1024}))


def measure(command: list[str], prompts: int) -> dict[str, float]:
    """From outside: a peer prints no score of its own, so its whole process counts, with those it started."""
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = status
        wall_s = time.perf_counter() - started
        if status:
            raise SystemExit(f"{' '.join(command)} failed; run it by hand to see why")
        said.seek(0)
        score = said.readline()
    if score.startswith("{"):
        return json.loads(score)
    cpu_s = used.ru_utime + used.ru_stime
    return {"done": prompts, "wall_s": wall_s, "cpu_s": cpu_s, "peak_mb": used.ru_maxrss / 1024}


@contextmanager
def teacher(faults: str) -> Iterator[str]:
    """A served teacher in a process of its own; its address."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVE.format(faults=faults)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


def storm(name: str) -> None:
    calls, at_once, allowed_per_s, faults = STORMS[name]
    with teacher(faults) as url:
        started = time.perf_counter()
        ours(url, at_once, calls)
        took_s = time.perf_counter() - started
        with urllib.request.urlopen(f"{url}/_stats") as response:
            refused = json.load(response)["statuses"].get("429", 0)
    ideal_s = calls / allowed_per_s
    times, share = took_s / ideal_s, ideal_s / took_s
    print(f"{name:24}{took_s:10.2f}{ideal_s:10.2f}{times:8.2f}{share:8.2f}{refused / calls:10.1%}", flush=True)


def cell(at_once: int, latency_s: float, arguments: argparse.Namespace) -> None:
    ideal = at_once / latency_s
    print(f"\n{at_once} at once, {latency_s * 1000:.0f} ms to an answer of 1 KB, {arguments.prompts} prompts", end="")
    print(f" (ideal: {ideal:.0f}/s; medians of {arguments.repeat})")
    print(f"{'':24}{'wall s':>10}{'calls/s':>10}{'share':>8}{'CPU ms':>8}{'MB':>6}")
    with teacher(f"latency={latency_s}s") as url:
        commands = {way: [sys.executable, __file__, "--one", way] for way in WAYS}
        for peer in arguments.peer:
            name, _, python = peer.partition("=")
            commands[name] = [python, str(PEERS / f"ask_{name}.py")]
        for name, command in commands.items():
            if wanted(name, arguments.ways):
                prompts = max(arguments.prompts, int(LEAST_S * ideal)) if "http" in name else arguments.prompts
                asked = [*command, url, str(at_once), str(prompts)]
                repeat = 1 if name == "naive loop" else arguments.repeat  # it only waits: each time the same
                scores = [measure(asked, prompts) for _ in range(repeat)]
                _print(name, scores, arguments.prompts, ideal)


def wanted(name: str, parts: list[str]) -> bool:
    return not parts or any(part in name for part in parts)


def _print(name: str, scores: list[dict[str, float]], prompts: int, ideal: float) -> None:
    rate = statistics.median(score["done"] / score["wall_s"] for score in scores)
    cpu_ms = statistics.median(1000 * score["cpu_s"] / score["done"] for score in scores)
    peak_mb = max(score["peak_mb"] for score in scores)
    print(f"{name:24}{prompts / rate:10.2f}{rate:10.0f}{rate / ideal:8.2f}{cpu_ms:8.2f}{peak_mb:6.0f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prompts", type=int, default=2048)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--ways", type=lambda text: text.split(","), default=[], help="parts of names, with commas")
    parser.add_argument("--cell", action="append", default=[], metavar="AT_ONCExSECONDS")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON")
    parser.add_argument("--one", nargs=4, metavar=("WAY", "URL", "AT_ONCE", "PROMPTS"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        way, url, at_once, prompts = arguments.one
        measure_here(way, url, int(at_once), int(prompts))
        return
    cells = [(int(at_once), float(latency_s)) for at_once, _, latency_s in (it.partition("x") for it in arguments.cell)]
    names = [*WAYS, *(peer.partition("=")[0] for peer in arguments.peer)]
    if any(wanted(name, arguments.ways) for name in names):
        for at_once, latency_s in cells or CELLS:
            cell(at_once, latency_s, arguments)
    storms = [name for name in STORMS if wanted(name, arguments.ways)]
    if storms and not cells:
        print(f"\n{'':24}{'wall s':>10}{'ideal s':>10}{'times':>8}{'share':>8}{'refused':>10}")
        for name in storms:
            storm(name)


if __name__ == "__main__":
    main()
