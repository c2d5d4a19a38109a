"""The index of runs in a real browser, from disk, by keyboard alone."""

from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from bench.listing import write_index
from bench.store import RunStore
from tests.unit.factories import cell, plan, record

from .test_page_in_browser import browser, eventually, pytestmark  # noqa: F401

RUNS = {"20261101-080000": "flask", "20261102-080000": "drf"}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    results = tmp_path_factory.mktemp("results")
    for run_id, target in RUNS.items():
        store = RunStore(results / run_id)
        store.create()
        store.write_record(record(run_id=run_id, plan=plan(targets=(target,))))
        store.append_cells((cell(1, target),))
        (results / run_id / "report.html").write_text(f"<!doctype html><p>the page of {target}</p>")
    write_index(results, results.parent / "cache")
    return results / "index.html"


def listed(driver: webdriver.Chrome) -> list[str]:
    """The runs that can be seen."""
    links = driver.find_elements(By.CSS_SELECTOR, ".runs td > a")
    return [link.text for link in links if link.is_displayed()]


def test_runs_are_filtered_by_keyboard(
    browser: webdriver.Chrome,  # noqa: F811
    index: Path,
) -> None:
    """/ leads to the filters, an arrow chooses, the address keeps the choice; no error."""
    browser.get_log("browser")
    browser.get(index.as_uri())
    assert listed(browser) == sorted(RUNS, reverse=True)
    browser.find_element(By.TAG_NAME, "body").send_keys("/")
    focused = browser.switch_to.active_element
    assert focused.get_attribute("name") == "framework"
    focused.send_keys(Keys.ARROW_DOWN)
    eventually(lambda: "framework=drf" in browser.current_url)
    assert listed(browser) == ["20261102-080000"]
    browser.refresh()
    assert listed(browser) == ["20261102-080000"]
    browser.find_element(By.CSS_SELECTOR, "form.filters button").click()
    eventually(lambda: len(listed(browser)) == 2)
    browser.find_element(By.LINK_TEXT, "20261102-080000").click()
    eventually(lambda: "the page of drf" in browser.page_source)
    assert browser.get_log("browser") == []


def test_the_files_of_a_run_are_a_click_away(
    browser: webdriver.Chrome,  # noqa: F811
    index: Path,
) -> None:
    """Each run's files are listed with it, and can be opened from disk."""
    browser.get(index.as_uri())
    browser.find_element(By.CSS_SELECTOR, ".runs summary").click()
    browser.find_element(By.LINK_TEXT, "run.json").click()
    eventually(lambda: "schema_version" in browser.page_source)
