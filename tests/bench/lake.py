"""Commits per second of a lake with many processes, and what its readers notice: `python tests/bench/lake.py`."""

import argparse
import multiprocessing as mp
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier

from synth_assets import settings
from synth_assets.core.contract import Column, Contract
from synth_assets.core.errors import LakeError
from synth_assets.lake import Append, CommitInfo, Lake, Replace, open_lake

ROWS = 1_000
CONTRACT = Contract((Column("version", "integer"), Column("body", "text")), "what the benchmark writes")
REFERENCE = {"different tables": 42, "partitions of one table": 50, "appends to one table": 76}


@dataclass
class Score:
    commits: int = 0
    reads: int = 0
    errors: int = 0
    torn: int = 0
    cpu_ms: float = 0.0
    latencies_ms: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Job:
    home: str
    scenario: str
    writes: bool
    worker: int
    seconds: float


def rows(version: int) -> list[dict[str, object]]:
    body = "A {prompt} with 'quotes', {AUTHOR} and words enough to be one. " * 6
    return [{"row_id": f"{version}-{n}", "version": version, "body": f"{n} {body}"} for n in range(ROWS)]


def target(scenario: str, worker: int) -> tuple[str, str]:
    if scenario == "different tables":
        return f"bench.table_{worker}", "all"
    return "bench.shared", f"p{worker}" if scenario.startswith("partitions") else "all"


def write(lake: Lake, scenario: str, worker: int, version: int) -> None:
    table, partition = target(scenario, worker)
    with lake.stage(table, CONTRACT, partition) as writer:
        writer.write(rows(version))
        change = Append(writer) if scenario.startswith("appends") else Replace(writer)
        lake.commit([change], CommitInfo("bench", "bench", f"worker_{worker}"))


def read(lake: Lake, scenario: str) -> bool:
    """One question; false where it saw half a commit."""
    table, _ = target(scenario, 0)
    sql = f"SELECT partition_key, version, count(*) AS n FROM {table} GROUP BY ALL"
    found = lake.rows(sql)
    whole = all(row["n"] % ROWS == 0 for row in found)
    if scenario.startswith("appends"):
        return whole
    return whole and len({row["partition_key"] for row in found}) == len(found)


def work(job: Job, barrier: Barrier, scores: "Queue[Score]") -> None:
    score, version = Score(), 1
    with open_lake(settings.load({"SYNTH_HOME": job.home})) as lake:
        act(lake, job, version, Score())
        barrier.wait()
        until, before = time.perf_counter() + job.seconds, time.process_time()
        while time.perf_counter() < until:
            version += 1
            act(lake, job, version, score)
        score.cpu_ms = (time.process_time() - before) * 1_000
    scores.put(score)


def act(lake: Lake, job: Job, version: int, score: Score) -> None:
    began = time.perf_counter()
    try:
        if job.writes:
            write(lake, job.scenario, job.worker, job.worker * 1_000_000 + version)
            score.commits += 1
        else:
            score.torn += not read(lake, job.scenario)
            score.reads += 1
    except LakeError as error:
        score.errors += 1
        if score.errors == 1:
            print(f"{job}: {error}")
    score.latencies_ms.append((time.perf_counter() - began) * 1_000)


def bench(scenario: str, writers: int, readers: int, seconds: float) -> tuple[list[Score], list[Score]]:
    """The scores of the writers and of the readers; they start together, once all of them are warm."""
    context = mp.get_context("spawn")
    written, asked, barrier = context.Queue(), context.Queue(), context.Barrier(writers + readers)
    with tempfile.TemporaryDirectory() as home:
        with open_lake(settings.load({"SYNTH_HOME": home})) as lake:
            for worker in range(writers):
                write(lake, scenario, worker, 0)
        jobs = [Job(home, scenario, n < writers, n, seconds) for n in range(writers + readers)]
        processes = [
            context.Process(target=work, args=(job, barrier, written if job.writes else asked)) for job in jobs
        ]
        for process in processes:
            process.start()
        scores = [written.get() for _ in range(writers)], [asked.get() for _ in range(readers)]
        for process in processes:
            process.join()
    return scores


def line(scenario: str, written: list[Score], asked: list[Score]) -> str:
    spans = [sum(score.latencies_ms) / 1_000 for score in written]
    rate = sum(score.commits for score in written) / statistics.mean(spans)
    each = [score.commits for score in written]
    latencies = sorted(ms for score in asked for ms in score.latencies_ms) or [0.0]
    p50, p95 = latencies[len(latencies) // 2], latencies[int(len(latencies) * 0.95)]
    errors = f"{sum(s.errors for s in written)}/{sum(s.errors for s in asked)}"
    cpu_ms = sum(score.cpu_ms for score in written) / sum(each)
    return (
        f"{scenario:<24} {rate:>9.1f} {REFERENCE[scenario]:>9} {min(each):>5}-{max(each):<5} {errors:>9}"
        f" {sum(s.torn for s in asked):>5} {sum(s.reads for s in asked):>6} {p50:>8.1f} {p95:>8.1f} {cpu_ms:>9.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--readers", type=int, default=2)
    args = parser.parse_args()
    print(f"{args.writers} writing and {args.readers} reading processes, commits of {ROWS} rows, {args.seconds} s each")
    print(
        "                         commits/s reference per writer errors w/r torn  reads  p50 ms   p95 ms CPU ms/commit"
    )
    for scenario in REFERENCE:
        print(line(scenario, *bench(scenario, args.writers, args.readers, args.seconds)), flush=True)


if __name__ == "__main__":
    main()
