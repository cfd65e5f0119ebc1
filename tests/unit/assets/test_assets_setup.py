"""How definitions are set up: executors, the keys of tables, the home of Dagster, ports."""

import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from synth_assets.assets.executor import executor_of
from synth_assets.assets.home import prepare_home
from synth_assets.assets.lake_io import table_of_key
from synth_assets.assets.resources import lake_resources
from synth_assets.assets.services import Services, free_port, is_listening, require_free
from synth_assets.core.errors import ContractError, RecipeError, SynthError
from synth_assets.core.interrupts import interrupt_on_ctrl_c
from synth_assets.settings import Settings, load


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load({}, tmp_path)


class TestTheExecutor:
    def test_steps_run_in_the_process_of_the_run(self, settings: Settings) -> None:
        assert executor_of(settings) is dg.in_process_executor

    def test_another_is_named_by_module_and_attribute(self, settings: Settings) -> None:
        named = replace(settings, executor="dagster:multiprocess_executor")
        assert executor_of(named) is dg.multiprocess_executor

    @pytest.mark.parametrize("name", ["nope", "no_such_module:x", "dagster:no_such_name", "dagster:asset"])
    def test_one_that_is_none_is_told(self, settings: Settings, name: str) -> None:
        with pytest.raises(RecipeError, match="cannot be used") as caught:
            executor_of(replace(settings, executor=name))
        assert caught.value.where == "SYNTH_EXECUTOR"


class TestKeys:
    @pytest.mark.parametrize(("key", "table"), [(["mine", "turns"], "mine.turns"), (["turns"], "main.turns")])
    def test_a_key_names_a_table(self, key: list[str], table: str) -> None:
        assert table_of_key(dg.AssetKey(key)) == table

    def test_a_longer_one_names_none(self) -> None:
        with pytest.raises(ContractError, match="one or two parts"):
            table_of_key(dg.AssetKey(["a", "b", "c"]))

    def test_the_same_settings_give_the_same_resources(self, settings: Settings) -> None:
        both = [dg.Definitions(resources=lake_resources(each)) for each in (settings, replace(settings))]
        assert dg.Definitions.merge(*both).resources


class TestTheHome:
    def test_many_at_once_prepare_it_once(self, settings: Settings) -> None:
        with ThreadPoolExecutor(4) as pool:
            homes = list(pool.map(lambda _: prepare_home(settings), range(4)))
        assert len(set(homes)) == 1
        with dg.DagsterInstance.from_config(str(homes[0])) as instance:
            assert instance.get_runs() == []
            assert not instance.telemetry_enabled
            assert instance.run_monitoring_enabled
            assert not instance.run_retries_enabled

    def test_what_a_person_changed_stays(self, settings: Settings) -> None:
        config = prepare_home(settings) / "dagster.yaml"
        config.write_text(config.read_text() + "\n# mine\n")
        prepare_home(settings)
        assert config.read_text().endswith("# mine\n")

    def test_settings_that_dagster_refuses_are_told_with_their_file(self, settings: Settings) -> None:
        home = settings.home / "dagster"
        home.mkdir(parents=True)
        (home / "dagster.yaml").write_text("telemetri: {}\n")
        with pytest.raises(SynthError, match="telemetri") as caught:
            prepare_home(settings)
        assert str(caught.value.where).endswith("dagster.yaml")


class TestServices:
    def test_a_port_that_is_taken_is_told(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            assert is_listening("127.0.0.1", port)
            with pytest.raises(SynthError, match=f"port {port} cannot be used"):
                require_free("127.0.0.1", port)

    def test_a_free_one_can_be_had(self) -> None:
        require_free("127.0.0.1", free_port())

    def test_one_that_ends_by_itself_is_told_with_its_last_words(self, tmp_path: Path) -> None:
        with Services(tmp_path, {}) as services:
            services.start("calendar", "calendar", "never").process.wait()
            with pytest.raises(SynthError, match="exit code") as caught:
                services.raise_if_ended()
        assert caught.value.where == "calendar"
        assert "calendar.log" in str(caught.value.remedy)

    def test_leaving_ends_what_was_started(self, tmp_path: Path) -> None:
        with Services(tmp_path, {}) as services:
            process = services.start("server", "http.server", "--bind", "127.0.0.1", str(free_port())).process
            services.raise_if_ended()
        assert process.poll() is not None


SLEEPER = """
import asyncio, signal
import dagster._utils.interrupts as interrupts
from synth_assets.core.interrupts import interrupt_on_ctrl_c

async def forever():
    print("asleep", flush=True)
    await asyncio.sleep(60)

with interrupts.capture_interrupts():
    try:
        with interrupt_on_ctrl_c():
            asyncio.run(forever())
    except KeyboardInterrupt:
        print("stopped in order", flush=True)
"""


def test_a_run_that_is_terminated_stops_its_event_loop_in_order() -> None:
    process = subprocess.Popen([sys.executable, "-c", SLEEPER], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "asleep\n"
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=20)[0] == "stopped in order\n"


def test_outside_the_main_thread_nothing_is_changed() -> None:
    before = signal.getsignal(signal.SIGINT)

    def inside() -> object:
        with interrupt_on_ctrl_c():
            return signal.getsignal(signal.SIGINT)

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(inside).result() == before
