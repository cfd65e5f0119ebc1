"""`synth teacher serve`: a teacher behind Mistral's HTTP interface, with faults to order."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from synth_assets.teacher.served.server import ServedTeacher

SECTION = "Keep house"
POSITION = 3

REPLAY = "replay:"


@click.group("teacher")
def command() -> None:
    """Serve a teacher that costs nothing."""


@command.command("serve")
@click.option("--port", type=click.IntRange(0, 65535), default=8010, show_default=True, help="0 takes any free one.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--teacher", default="offline", show_default=True, metavar="offline|replay:PATH", help="Who answers.")
@click.option("--faults", default="", metavar="TEXT", help="What goes wrong: 429=5%,reset=1%,retry_after=1s …")
@click.option("--latency", metavar="TIME", help="Time to an answer: 50ms, 2s.")
def serve(port: int, host: str, teacher: str, faults: str, latency: str | None) -> None:
    """Serve a teacher as Mistral's API.

    Chat completions, files, batch jobs and models, over HTTP: for rehearsals, tests and load. Ctrl-C ends it.
    """
    if teacher != "offline" and not teacher.startswith(REPLAY):
        raise click.BadParameter("offline, or replay:PATH", param_hint="--teacher")
    ordered = ",".join(part for part in (faults, f"latency={latency}" if latency else "") if part)
    served: list[ServedTeacher] = []
    try:
        asyncio.run(_serve(served, teacher, ordered, host, port))
    except KeyboardInterrupt:
        stats = served[0].stats() if served else {}
        click.echo(f"\nanswered {stats.get('answers', 0)} of {stats.get('calls', 0)} calls", err=True)


async def _serve(served: "list[ServedTeacher]", teacher: str, faults: str, host: str, port: int) -> None:
    from synth_assets.core.teacher_spec import OFFLINE_MODEL
    from synth_assets.teacher.served.chat import RULES
    from synth_assets.teacher.served.server import ServedTeacher
    from synth_assets.teacher.transports.replay import ReplayTransport, recording_hash

    async with AsyncExitStack() as stack:
        answer = RULES
        if teacher.startswith(REPLAY):
            path = Path(teacher.removeprefix(REPLAY))
            recording_hash(path)
            answer = (await stack.enter_async_context(ReplayTransport(path, OFFLINE_MODEL))).answer
        server = await stack.enter_async_context(ServedTeacher(answer, faults, host=host, port=port))
        served.append(server)
        _print(server.url, teacher, faults)
        await asyncio.Event().wait()


def _print(url: str, teacher: str, faults: str) -> None:
    click.echo(f"the teacher `{teacher}` answers at {url}{f' ({faults})' if faults else ''}")
    click.echo(f"  MISTRAL_BASE_URL={url} synth run mitall     asks it, without a key")
    click.echo(f"  curl {url}/_stats     says what it did")
    click.echo("Ctrl-C ends it.")
