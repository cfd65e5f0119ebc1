"""Headless Chromium in front of a `synth up` of its own."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from tests.integration.dagster.conftest import TINY, talk
from tests.support.served_ui import Served, served

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1600,1000",
)


@pytest.fixture(scope="session")
def chromium() -> tuple[str, str]:
    """Where the browser and its driver are. On a machine that tests changes, they must be there."""
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if browser is None or driver is None:
        if os.environ.get("CI") == "true":
            pytest.fail("chromium and chromedriver are not installed")
        pytest.skip("chromium or chromedriver is not installed (Debian: apt install chromium chromium-driver)")
    return browser, driver


@pytest.fixture(scope="session")
def up(chromium: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("browser")
    recipes = folder / "recipes"
    recipes.mkdir()
    (recipes / "talks.jsonl").write_text("\n".join(json.dumps(talk(number)) for number in range(30)))
    (recipes / "tiny.yaml").write_text(TINY.format(head="", rows=4, checks=""))
    (recipes / "strict.yaml").write_text(TINY.format(head="", rows=4, checks="checks: {min_length: {topic: 100}}"))
    (recipes / "sad.yaml").write_text("stages:\n  one:\n    kind: soruce\n")
    with served(folder) as found:
        found.wait_for_words("Ctrl-C ends it all")
        yield found


@pytest.fixture(scope="session")
def browser(chromium: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    options = Options()
    options.binary_location = chromium[0]
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=Service(chromium[1]))
    yield driver
    driver.quit()


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """Where screenshots go; SYNTH_SHOTS keeps them."""
    kept = os.environ.get("SHOTS")
    folder = Path(kept) if kept else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    return folder
