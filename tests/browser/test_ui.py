"""What people see and click: the asset graph, Materialize all, one stage, a red check, a broken recipe."""

from collections.abc import Callable
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from tests.support.served_ui import Served

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PATIENCE_S = 60


def body(browser: Chrome) -> str:
    return browser.find_element(By.TAG_NAME, "body").text


def see(browser: Chrome, *words: str) -> None:
    """Waits until all of those words are on the page."""

    def are_there(_: object) -> bool:
        text = body(browser)
        return all(word in text for word in words)

    WebDriverWait(browser, PATIENCE_S, ignored_exceptions=[Exception]).until(
        are_there, message=f"{words} in:\n{body(browser)}"
    )


def click(browser: Chrome, text: str) -> None:
    """Clicks what bears the text."""

    def there(_: object) -> WebElement | None:
        found = browser.find_elements(By.XPATH, f"//*[self::button or self::a][normalize-space()='{text}']")
        return next((element for element in found if element.is_displayed() and element.is_enabled()), None)

    WebDriverWait(browser, PATIENCE_S).until(there, message=text).click()


def wait_for(browser: Chrome, what: Callable[[], bool]) -> None:
    WebDriverWait(browser, PATIENCE_S).until(lambda _: what())


def test_the_graph_of_a_dataset_tells_stages_kinds_and_checks(browser: Chrome, up: Served, shots: Path) -> None:
    browser.get(f"{up.web.url}/locations/synth_assets/asset-groups/mitall/lineage")
    see(browser, "raw_dialogs", "rewritten_dialogs", "finetune", "Mistral", "Pandera", "DuckDB", "5 / 5 Passed")
    browser.save_screenshot(str(shots / "mitall.png"))


def test_all_groups_are_in_one_graph(browser: Chrome, up: Served, shots: Path) -> None:
    browser.get(f"{up.web.url}/asset-groups")
    see(browser, "mitall", "tiny", "strict", "sad", "ops", "Materialize all")
    browser.save_screenshot(str(shots / "groups.png"))


def test_a_stage_describes_itself(browser: Chrome, up: Served, shots: Path) -> None:
    browser.get(f"{up.web.url}/assets/mitall/rewritten_dialogs")
    see(browser, "The same dialogs, in which the assistant is Mitall", "Row count", "non-nullable", "messages")
    browser.save_screenshot(str(shots / "stage.png"))


def test_materialize_all_makes_all_of_a_dataset(browser: Chrome, up: Served) -> None:
    browser.get(f"{up.web.url}/locations/synth_assets/asset-groups/tiny/lineage")
    see(browser, "talks", "rewritten", "long_enough")
    click(browser, "Materialize all")
    wait_for(browser, lambda: up.web.is_made(["tiny", "long_enough"]))
    browser.get(f"{up.web.url}/assets/tiny/long_enough")
    see(browser, "Row count", "4")


def test_one_stage_is_made_alone(browser: Chrome, up: Served) -> None:
    browser.get(f"{up.web.url}/assets/strict/talks")
    see(browser, "what was said")
    click(browser, "Materialize")
    wait_for(browser, lambda: up.web.is_made(["strict", "talks"]))
    assert not up.web.is_made(["strict", "rewritten"])


def test_a_closed_gate_is_red_and_shows_its_rows(browser: Chrome, up: Served, shots: Path) -> None:
    assert up.run("strict") == "FAILURE"
    browser.get(f"{up.web.url}/assets/strict/long_enough?view=checks&checkDetail=rows_are_valid")
    see(browser, "rows_are_valid", "Failed", "topic is shorter than 100")
    browser.save_screenshot(str(shots / "gate.png"))
    assert not up.web.is_made(["strict", "long_enough"])


def test_a_broken_recipe_shows_its_error_where_one_looks(browser: Chrome, up: Served, shots: Path) -> None:
    browser.get(f"{up.web.url}/assets/sad/broken_recipe")
    see(browser, "This recipe cannot be used", "sad.yaml:3 stages.one.kind", "did you mean")
    browser.save_screenshot(str(shots / "broken.png"))


def test_examples_and_picture_open(browser: Chrome, up: Served, shots: Path) -> None:
    browser.get(f"{up.web.url}/assets/mitall/rewritten_dialogs?view=events")
    see(browser, "[Show Markdown]", "ledger hits")
    for place, words in ((0, "before"), (1, "picture")):
        browser.find_elements(By.XPATH, "//*[text()='[Show Markdown]']")[place].click()
        see(browser, words, "Close")
        if words == "picture":
            image = browser.find_element(By.XPATH, "//img[starts-with(@src, 'data:image/png')]")
            assert int(image.get_property("naturalWidth") or 0) > 100  # type: ignore[call-overload]
        browser.save_screenshot(str(shots / f"{words}.png"))
        click(browser, "Close")
