"""`synth up`: prepares the home, serves Dagster's UI and its daemon, and builds the first dataset."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synth_assets.cli.views.terminal import done, err, failed, hint, warned
from synth_assets.core.errors import SynthError
from synth_assets.core.file_lock import try_lock

if TYPE_CHECKING:
    from synth_assets.assets.services import Services
    from synth_assets.assets.webserver import Webserver
    from synth_assets.recipes import Recipe
    from synth_assets.settings import Settings

SECTION = "Make a dataset"
POSITION = 1

READY_S = 180.0
FIRST = "mitall"
DEFINITIONS = "synth_assets.definitions"
LOCATION = "synth_assets"
_WORKSPACE = """load_from:
  - grpc_server:
      host: 127.0.0.1
      port: {port}
      location_name: synth_assets
"""


@click.command("up")
@click.option("--port", type=click.IntRange(1, 65_535), default=3000, show_default=True, help="Port of the UI.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address of the UI. It asks for no password.")
@click.option("--no-build", is_flag=True, help="Do not build the first dataset.")
@click.option("--file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Your own definitions.")
def command(port: int, host: str, no_build: bool, file: Path | None) -> None:
    """Serve the Dagster UI and its daemon.

    Prepares the home folder, builds the first dataset if there is none, and serves until Ctrl-C, which ends
    everything that was started. --file serves a Python file with a `defs` of your own.
    """
    from synth_assets.assets.services import Services, require_free
    from synth_assets.assets.webserver import Webserver
    from synth_assets.core.interrupts import interrupt_on_shutdown
    from synth_assets.settings import load

    settings, web = load(), Webserver(host, port)
    require_free(host, port)
    with ExitStack() as stack:
        stack.enter_context(interrupt_on_shutdown())
        home = stack.enter_context(_only_one(settings, web))
        # Without the variable, Dagster posts the files of DAGSTER_HOME/logs home, whatever dagster.yaml says.
        environ = {**settings.secrets, "DAGSTER_HOME": str(home), "DAGSTER_DISABLE_TELEMETRY": "1"}
        services = stack.enter_context(Services(home / "processes", environ))
        _serve(services, web, home, file)
        _tell(settings, web)
        if not no_build:
            _build_first(settings, services, web)
        _wait(services, web)


@contextmanager
def _only_one(settings: "Settings", web: "Webserver") -> "Iterator[Path]":
    """Provide the prepared home; two daemons on one would each start every schedule."""
    from synth_assets.assets.home import prepare_home

    home = prepare_home(settings)
    address_file = home / "address"
    lock = try_lock(home / ".up")
    if lock is None:
        address = address_file.read_text() if address_file.exists() else "it is just starting"
        raise SynthError(
            f"another `synth up` serves this home: {address}",
            where=str(settings.home),
            remedy="look there, end it, or set SYNTH_HOME to another folder",
        )
    try:
        address_file.write_text(web.url)
        yield home
    finally:
        address_file.unlink(missing_ok=True)
        os.close(lock)


def _serve(services: "Services", web: "Webserver", home: Path, file: Path | None) -> None:
    """Starts the three processes: one that holds the definitions, which the UI and the daemon share."""
    from synth_assets.assets.services import free_port

    code_port = free_port()
    workspace = home / "workspace.yaml"
    workspace.write_text(_WORKSPACE.format(port=code_port), "utf-8")
    what = ("-f", str(file.resolve())) if file else ("-m", DEFINITIONS)
    code = ("code-server", "start", *what, "-h", "127.0.0.1", "-p", str(code_port), "--location-name", LOCATION)
    services.start("definitions", "dagster", *code, "--use-python-environment-entry-point")
    services.start("daemon", "dagster._daemon", "run", "-w", str(workspace))
    services.start("webserver", "dagster_webserver", "-h", web.host, "-p", str(web.port), "-w", str(workspace))
    with err().status("Dagster is starting …"):
        until = time.monotonic() + READY_S
        while not web.is_ready():
            services.raise_if_ended()
            if time.monotonic() > until:
                raise SynthError(f"it is not ready after {READY_S:.0f} s", where=web.url, remedy=f"see {services.logs}")
            time.sleep(0.1)


def _tell(settings: "Settings", web: "Webserver") -> None:
    console = err()
    done(console, f"Dagster's UI is at {web.url}; its daemon runs schedules, queue and sensors")
    console.print(f"  everything made lies in {settings.home}; what the processes say, in dagster/processes there")
    if web.host not in ("127.0.0.1", "localhost", "::1"):
        warned(console, f"the UI asks for no password, and whoever reaches {web.host} can start runs")


def _build_first(settings: "Settings", services: "Services", web: "Webserver") -> None:
    """Builds the first dataset through Dagster, so that the UI shows it; never where that would cost money."""
    from synth_assets.recipes import find_recipes

    recipe = find_recipes(settings).recipes.get(FIRST)
    if recipe is None or not recipe.stages or web.is_made([FIRST, list(recipe.stages)[-1]]):
        return
    if not _is_free(recipe, settings):
        hint(
            err(), f"{FIRST} would ask {recipe.teacher.model}: `synth plan {FIRST}` tells the cost; start it in the UI"
        )
        return
    hint(err(), f"the first dataset, {FIRST}, is being built with the offline teacher: {_graph(web)}")
    run_id, reported = web.launch(f"{FIRST}_nightly" if recipe.schedule else FIRST), set[str]()
    while True:
        services.raise_if_ended()
        status, steps = web.steps(run_id)
        for step, state in steps.items():
            if state in ("SUCCESS", "FAILURE") and step not in reported:
                reported.add(step)
                (done if state == "SUCCESS" else failed)(err(), f"{step.replace('__', '.')}")
        if status in ("SUCCESS", "FAILURE", "CANCELED"):
            break
        time.sleep(0.2)
    if status != "SUCCESS":
        failed(err(), f"{FIRST} was not built; the run tells why: {web.url}/runs/{run_id}")


def _is_free(recipe: "Recipe", settings: "Settings") -> bool:
    """Return whether nobody asks for money: the offline teacher or a recording answers."""
    from synth_assets.core.stage import Ask
    from synth_assets.engine import teacher_of

    asks = [name for name, stage in recipe.stages.items() if isinstance(stage, Ask)]
    prices = [teacher_of(recipe, name, settings).price() for name in asks]
    return all(price is not None and price.prompt == price.completion == 0 for price in prices)


def _graph(web: "Webserver") -> str:
    return f"{web.url}/locations/{LOCATION}/asset-groups/{FIRST}/lineage"


def _wait(services: "Services", web: "Webserver") -> None:
    """Until Ctrl-C, or until one of the processes ends by itself."""
    hint(err(), f"look at the graph: {_graph(web)}")
    hint(err(), f"ask in another terminal: synth show {FIRST}, synth sql")
    hint(err(), "Ctrl-C ends it all")
    while True:
        services.raise_if_ended()
        time.sleep(0.5)
