"""Whole runs against a teacher that goes wrong, over a real socket: every row accounted for, and every cent."""

import itertools
import json
import math
import re
import socket
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synth_assets.core.errors import TeacherError
from synth_assets.core.request import Call
from synth_assets.engine import Engine
from synth_assets.recipes import load_recipe
from synth_assets.settings import Timing, load
from synth_assets.teacher.prices import Prices
from synth_assets.teacher.served.faults import SHARES
from synth_assets.teacher.served.server import ServedTeacher, served
from synth_assets.teacher.wire import Completion

MODEL = "mistral-small-latest"
RECIPE = """
teacher: {{model: {model}, limits: {{{limits}}}}}
stages:
  raw: {{kind: source, files: dialogs.jsonl}}
  said: {{kind: rewrite, from: raw, instruction: Be a robot., repairs: {repairs}}}
"""
NOT_ANSWERED = {
    "500": "server error (500)",
    "502": "server error (502)",
    "503": "server error (503)",
    "reset": "the connection broke",
    "reset_body": "the connection broke",
    "drip": "timed out",
    "truncated": "the response is not JSON",
    "wrong_shape": "the response has the wrong shape",
    "wrong_type": "the response is not JSON",
    "400": "refused (400)",
    "422": "refused (422)",
}
ANSWERED_ANOTHER = "the response answers another call"
POORLY_ANSWERED = {
    "empty": "the answer is empty",
    "invalid": "the answer is not valid JSON",
    "length": "the answer was cut off at the token limit",
}
ONCE = {
    "statuses": "500=10%,502=10%,503=10%,400=10%,422=10%",
    "broken": "reset=10%,reset_body=10%,truncated=10%,wrong_shape=10%,wrong_type=10%",
    "slow": "drip=15%",  # eight calls in a row that hang would be the teacher's fault, and no row's
    "poor": "empty=15%,invalid=15%,length=15%",
}
AGAIN = {
    "refused": "429=30%,retry_after=0.01",
    "refused, and for how long is not said": "429=30%",
    "statuses": "500=10%,502=10%,503=10%",
    "broken": "reset=10%,reset_body=10%,truncated=10%,wrong_shape=10%,wrong_type=10%",
    "slow": "drip=15%",
    "poor": "empty=15%,invalid=15%,length=15%",
    "twice and out of order": "duplicate=30%,jitter=30ms",
}


def beep(call: Call) -> Completion:
    """Each dialog has an answer of its own: one that went astray shows."""
    shown = next(message for message in call.request.messages if message.role == "user")
    messages = json.loads(shown.content)["messages"]
    for before, message in itertools.pairwise(messages):
        if message["role"] == "assistant":
            message["content"] = f"Beep! {before['content']}"
    return Completion(json.dumps({"messages": messages}), "stop", MODEL, 100, 50)


QUICK = Timing(backoff_s=0.02)


@dataclass
class Site:
    """A home with one recipe, and runs of it."""

    folder: Path
    rows: int
    engine: Engine | None = None
    timing: Timing = QUICK

    def __enter__(self) -> "Site":
        return self

    def __exit__(self, *_: object) -> None:
        if self.engine is not None:
            self.engine.lake.close()

    def run(self, url: str, limits: str = "concurrency: 8", *, repairs: int = 2, model: str = MODEL) -> "Site":
        recipes = self.folder / "recipes"
        recipes.mkdir(exist_ok=True)
        turns = [("user", "What is {0} and {0}?"), ("assistant", "It is {0}.")]
        lines = [{"messages": [{"role": r, "content": c.format(n)} for r, c in turns]} for n in range(self.rows)]
        (recipes / "dialogs.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
        (recipes / "robots.yaml").write_text(RECIPE.format(limits=limits, repairs=repairs, model=model))
        self.__exit__()
        self.engine = Engine(load({"MISTRAL_BASE_URL": url}, self.folder, self.timing))
        self.engine.run_recipe(load_recipe(recipes / "robots.yaml"))
        return self

    def ask(self, sql: str) -> list[dict[str, Any]]:
        assert self.engine is not None
        return self.engine.lake.rows(sql)

    def made(self) -> int:
        """Rows; each with the answer that is its own."""
        made = self.ask("SELECT messages FROM robots.said")
        for row in made:
            messages = json.loads(row["messages"]) if isinstance(row["messages"], str) else row["messages"]
            assert messages[1]["content"] == f"Beep! {messages[0]['content']}"
        return len(made)

    def rejects(self) -> Counter[str]:
        """How many there are for each reason; where in an answer the fault lies is left out."""
        return Counter(row["reason"].partition(": ")[0] for row in self.ask(f"SELECT reason FROM {REJECTS}"))

    def require_all_accounted_for(self, server: ServedTeacher) -> None:
        """Rows and rejects are the inputs, each once; a key is bought once; the bill is the server's."""
        sides = "SELECT unnest(parent_ids) AS id FROM robots.said UNION ALL SELECT unnest(parent_ids) FROM {}"
        (ends,) = self.ask(f"SELECT count(*) AS n, count(DISTINCT id) AS ids FROM ({sides.format(REJECTS)})")
        assert ends == {"n": self.rows, "ids": self.rows}
        (bill,) = self.ask(
            "SELECT count(*) AS n, count(DISTINCT call_key) AS keys, sum(prompt_tokens) AS prompt,"
            " sum(completion_tokens) AS completion, sum(cost_usd) AS usd FROM ops.calls"
        )
        price, counts = Prices().price(MODEL), server.counts
        assert price is not None
        assert bill["keys"] == bill["n"]
        if (twice := counts.faults["duplicate"]) and bill["n"] != counts.answers:
            # What was left over on a line was read for the answer to the next call, whose own came to deaf ears.
            assert counts.answers - twice <= bill["n"] < counts.answers
            return
        assert bill["n"] == counts.answers
        assert (bill["prompt"] or 0, bill["completion"] or 0) == (counts.prompt_tokens, counts.completion_tokens)
        assert math.isclose(bill["usd"] or 0.0, price.cost_usd(counts.prompt_tokens, counts.completion_tokens))


REJECTS = "robots.said__rejects"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with Site(tmp_path, 30) as site:
        yield site


@pytest.mark.parametrize("faults", ONCE.values(), ids=ONCE)
def test_whoever_asks_once_has_a_reject_with_the_true_reason_for_each_fault(site: Site, faults: str) -> None:
    timeout_s = 0.5 if "drip" in faults else 20
    with served(beep, f"{faults},seed=3") as server:
        site.run(server.url, f"concurrency: 8, retries: 0, timeout_s: {timeout_s}", repairs=0)
        hits: Counter[str] = Counter()
        for fault, times in server.counts.faults.items():
            hits[(NOT_ANSWERED | POORLY_ANSWERED)[fault]] += times
        assert site.rejects() == hits
        assert len(hits) == len({(NOT_ANSWERED | POORLY_ANSWERED)[name] for name in re.findall(r"(\w+)=", faults)})
        assert site.made() == site.rows - hits.total()
        assert server.counts.calls == site.rows
        site.require_all_accounted_for(server)


@pytest.mark.parametrize("faults", AGAIN.values(), ids=AGAIN)
def test_whoever_asks_again_has_every_row(site: Site, faults: str) -> None:
    timeout_s = 0.5 if "drip" in faults else 20
    with served(beep, faults) as server:
        site.run(server.url, f"concurrency: 8, timeout_s: {timeout_s}", repairs=5)
        assert site.rejects() == {}
        assert site.made() == site.rows
        site.require_all_accounted_for(server)


@pytest.mark.slow
def test_all_faults_at_once(tmp_path: Path) -> None:
    with Site(tmp_path, 150) as site, served(beep, "all=30%,latency=5ms,jitter=20ms,retry_after=0.01") as server:
        site.run(server.url, "concurrency: 32, timeout_s: 1")
        assert site.made() >= 140
        assert set(site.rejects()) <= {*NOT_ANSWERED.values(), *POORLY_ANSWERED.values(), ANSWERED_ANOTHER}
        site.require_all_accounted_for(server)


@pytest.mark.slow
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    shares=st.dictionaries(st.sampled_from([*SHARES, "429", "500", "503", "400"]), st.floats(0.02, 0.2), max_size=5),
    seed=st.integers(0, 1000),
    retries=st.integers(0, 3),
    repairs=st.integers(0, 2),
)
def test_any_faults_at_once(shares: dict[str, float], seed: int, retries: int, repairs: int) -> None:
    script = ",".join([f"{name}={share:.3f}" for name, share in shares.items()] + [f"seed={seed},retry_after=0.01"])
    with tempfile.TemporaryDirectory() as folder, Site(Path(folder), 15) as site, served(beep, script) as server:
        try:
            site.run(server.url, f"concurrency: 8, timeout_s: 1, retries: {retries}", repairs=repairs)
        except TeacherError as error:
            assert "turns every request away" in error.message, "five bad requests before the first answer"  # noqa: PT017
        else:
            assert set(site.rejects()) <= {*NOT_ANSWERED.values(), *POORLY_ANSWERED.values(), ANSWERED_ANOTHER}
            site.require_all_accounted_for(server)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "turns every request away"),
        (401, "the key was not accepted"),
        (403, "the key may not use"),
        (404, "the model or the address is not known"),
        (422, "turns every request away"),
    ],
)
def test_what_cannot_heal_is_not_tried_again_and_told_once_with_the_remedy(site: Site, status: int, said: str) -> None:
    with served(beep, f"{status}=100%") as server:
        with pytest.raises(TeacherError, match=said) as raised:
            site.run(server.url, "concurrency: 4")
        assert "check the" in str(raised.value.remedy)
        assert raised.value.exit_code == 4
        assert server.counts.calls <= 4 + 4
    (answers,) = site.ask("SELECT count(*) AS n FROM ops.calls")
    assert answers["n"] == 0


def _and_goes_on(site: Site, faults: str, said: str) -> None:
    """A run that ends at a fault keeps what was answered; the next asks for the rest alone."""
    with served(beep, f"latency=2ms,{faults}") as server:
        port = int(server.url.rpartition(":")[2])
        started = time.monotonic()
        with pytest.raises(TeacherError, match=said) as raised:
            site.run(server.url)
        assert time.monotonic() - started < 20, "seconds, not the minutes of all retries"
        assert raised.value.remedy
        answered = server.counts.answers
    (kept,) = site.ask("SELECT count(*) AS n FROM ops.calls")
    assert 0 < kept["n"] == answered < site.rows
    with served(beep, port=port) as server:
        site.run(server.url)
        assert site.made() == site.rows
        assert server.counts.calls == site.rows - answered


def test_a_teacher_that_is_gone_ends_the_run_within_seconds_and_the_next_goes_on(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.timing = Timing(backoff_s=0.02, patience_s=0.5)
    _and_goes_on(site, "down_after=12", "no answer for")


def test_a_key_that_expires_in_mid_run_ends_it_and_the_next_goes_on(site: Site) -> None:
    _and_goes_on(site, "expire_key_after=12", r"the key was not accepted \(401\)")


def test_a_server_that_restarts_is_waited_for(site: Site) -> None:
    with served(beep, "latency=2ms,down_after=12,down_for=0.7") as server:
        assert site.run(server.url).made() == site.rows
        assert site.rejects() == {}


@pytest.fixture
def nameless(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """For so long the name of this machine is not known."""
    ask = socket.getaddrinfo

    def for_seconds(seconds: float) -> None:
        until = time.monotonic() + seconds

        def getaddrinfo(host: Any, *rest: Any, **named: Any) -> Any:
            if host == "localhost" and time.monotonic() < until:
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            return ask(host, *rest, **named)

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    return for_seconds


def _by_name(server: ServedTeacher) -> str:
    return server.url.replace("127.0.0.1", "localhost")


def test_a_name_that_is_not_known_for_a_moment_is_waited_for(site: Site, nameless: Callable[[float], None]) -> None:
    with served(beep) as server:
        nameless(1.0)
        assert site.run(_by_name(server)).made() == site.rows
        assert site.rejects() == {}


def test_a_name_that_nobody_knows_ends_the_run(
    site: Site, nameless: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    site.timing = Timing(backoff_s=0.02, patience_s=0.3)
    with served(beep) as server:
        nameless(3600)
        with pytest.raises(TeacherError, match="the server's name is not known"):
            site.run(_by_name(server))
        nameless(0)
        assert site.run(_by_name(server)).made() == site.rows


def test_the_clock_on_the_wall_may_jump_during_a_run(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first answer on, back and forth by days."""
    wall, jumps, answered = time.time, itertools.cycle([0.0, -1e6, 1e6, -86_400.0, 3600.0]), []
    monkeypatch.setattr("time.time", lambda: wall() + (next(jumps) if answered else 0.0))

    def answer(call: Call) -> Completion:
        answered.append(call)
        return beep(call)

    with served(answer, "429=20%,retry_after=0.01,latency=5ms") as server:
        started = wall()
        site.run(server.url)
        monkeypatch.undo()
        site.require_all_accounted_for(server)
    for reply in site.ask("SELECT latency_s, epoch(asked_at) AS asked_at FROM ops.calls"):
        assert 0.005 <= reply["latency_s"] < 20
        assert started - 1 <= float(reply["asked_at"]) <= wall() + 1


def test_a_model_without_a_price_has_an_unknown_cost(site: Site) -> None:
    with served(beep) as server:
        site.run(server.url, model="my-own-model")
    (bill,) = site.ask("SELECT count(*) AS n, count(cost_usd) AS priced FROM ops.calls")
    assert bill == {"n": site.rows, "priced": 0}
