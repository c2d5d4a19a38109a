"""The index of runs in a real browser, by keyboard alone."""

import re
import signal
from collections.abc import Iterator

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from bench.store import RunStore
from tests.unit.factories import cell, plan, record

from .conftest import Cli
from .test_page_in_browser import browser, eventually, pytestmark  # noqa: F401

RUNS = {"20261101-080000": "flask", "20261102-080000": "drf"}


@pytest.fixture(scope="module")
def address(cli: Cli) -> Iterator[str]:
    for run_id, target in RUNS.items():
        store = RunStore(cli.results / run_id)
        store.create()
        store.write_record(record(run_id=run_id, plan=plan(targets=(target,))))
        store.append_cells((cell(1, target),))
    process = cli.spawn("serve", SERVE_PORT="0")
    assert process.stdout is not None
    found = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())
    assert found
    yield found[0]
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)


def test_runs_are_filtered_by_keyboard(
    browser: webdriver.Chrome,  # noqa: F811
    address: str,
) -> None:
    """/ leads to the filters, an arrow chooses, the address keeps the choice; no error."""
    browser.get_log("browser")
    browser.get(address)
    browser.find_element(By.TAG_NAME, "body").send_keys("/")
    focused = browser.switch_to.active_element
    assert focused.get_attribute("name") == "framework"
    focused.send_keys(Keys.ARROW_DOWN)
    eventually(lambda: "framework=drf" in browser.current_url)
    listed = [link.text for link in browser.find_elements(By.CSS_SELECTOR, ".runs td a")]
    assert listed == ["20261102-080000"]
    browser.find_element(By.LINK_TEXT, "20261102-080000").click()
    eventually(lambda: browser.find_elements(By.LINK_TEXT, "run.json"))
    assert browser.get_log("browser") == []
