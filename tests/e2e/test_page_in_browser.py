"""The page as people see it: in a real browser, from disk, with the network watched.

Chromium and its driver come from Debian's packages (`chromium`, `chromium-driver`).
"""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from bench.analysis.comparison import compare_runs
from bench.analysis.history import history_of
from bench.analysis.stored import StoredRun
from bench.report.comparison import comparison_document
from bench.report.formats import Place, write_formats, write_page
from bench.report.history import history_document
from bench.report.run import run_document
from bench.store import RunStore
from tests.unit.report.materials import bench, material
from tests.unit.test_history import run_at

RUN = Path(__file__).parents[1] / "unit" / "report" / "run-version-1"
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
PATIENCE_S = 60

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER),
    reason="no chromium and chromedriver on PATH (Debian: apt install chromium chromium-driver)",
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    assert CHROMIUM
    options.binary_location = CHROMIUM
    # Root may not have a sandbox, and a container has little shared memory.
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    # It does not remove all of its own.
    environment = {**os.environ, "TMPDIR": str(tmp_path_factory.mktemp("chromium"))}
    driver = webdriver.Chrome(options=options, service=Service(DRIVER, env=environment))
    driver.set_window_size(1200, 900)
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A real stored run, a sweep, a search for saturation, and a comparison."""
    folder = tmp_path_factory.mktemp("pages")
    store = RunStore(RUN)
    found = {
        "bench": StoredRun(store.read()[0], store.read_samples()[0]),
        "sweep": material("sweep"),
        "saturation": material("saturation"),
        "unfit": material("unfit"),
    }
    made = {}
    for name, run in found.items():
        (folder / name).mkdir()
        write_formats(run, run_document(run), Place(folder / name, folder), ("html",))
        made[name] = folder / name / "report.html"
    made["comparison"] = folder / "comparison.html"
    later = bench(run_id="20261122-110000")
    write_page(comparison_document(compare_runs(bench(), later)), made["comparison"], folder)
    made["history"] = folder / "history.html"
    runs = [run_at(number, slower=("flask",) if number > 7 else ()) for number in range(16)]
    write_page(history_document(history_of(runs, runs[-1]), ()), made["history"], folder)
    return made


def eventually(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)


def opened(browser: webdriver.Chrome, page: Path) -> None:
    browser.get_log("browser")
    browser.get_log("performance")
    browser.get(page.as_uri())
    expected = page.read_text().count("data-plot=")
    eventually(lambda: browser.execute_script("return document.documentElement.dataset.drawn"))
    drawn = int(browser.execute_script("return document.documentElement.dataset.drawn"))
    assert drawn == expected > 0


@pytest.mark.parametrize("name", ["bench", "sweep", "saturation", "unfit", "comparison", "history"])
def test_a_page_draws_everything_and_asks_nobody(
    browser: webdriver.Chrome, pages: dict[str, Path], name: str
) -> None:
    """No message on the console, no request but for the page itself, no blank plot."""
    opened(browser, pages[name])
    assert browser.get_log("browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]
    assert asked, "the log of requests is not being kept"
    assert {url for url in asked if not url.startswith("data:")} == {pages[name].as_uri()}
    for plot in browser.find_elements(By.CSS_SELECTOR, ".plot"):
        drawn = plot.find_elements(By.CSS_SELECTOR, "svg .mark-symbol path, svg .mark-line path")
        assert drawn, plot.get_attribute("id")


@pytest.mark.parametrize("name", ["bench", "sweep", "saturation", "unfit"])
def test_time_plots_have_lines(
    browser: webdriver.Chrome, pages: dict[str, Path], name: str
) -> None:
    """A window's tint is no figure: the line leads somewhere, and carries marks."""
    opened(browser, pages[name])
    plots = browser.find_elements(By.CSS_SELECTOR, "#over-time .plot")
    assert plots
    for plot in plots:
        lines = plot.find_elements(By.CSS_SELECTOR, "svg .mark-line path")
        assert lines
        assert all("L" in (line.get_attribute("d") or "") for line in lines)


@pytest.mark.parametrize("plot", ["cpu-app-whole-run", "memory-database"])
def test_hover_finds_the_nearest_reading(
    browser: webdriver.Chrome, pages: dict[str, Path], plot: str
) -> None:
    """A line of a pixel and a half need not be hit: whose, when, how much, and in which window."""
    opened(browser, pages["bench"])
    shown = browser.find_element(By.CSS_SELECTOR, f"#plot-{plot} svg")
    browser.execute_script(
        "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", shown
    )
    ActionChains(browser).move_to_element(shown).move_by_offset(5, -7).perform()
    eventually(lambda: browser.find_elements(By.CSS_SELECTOR, "#vg-tooltip-element.visible"))
    told = browser.find_element(By.CSS_SELECTOR, "#vg-tooltip-element").text
    assert "undefined" not in told
    assert "second" in told
    assert "window" in told


@pytest.mark.parametrize("width", [1200, 400])
def test_nothing_is_wider_than_the_screen(
    browser: webdriver.Chrome, pages: dict[str, Path], width: int
) -> None:
    """A telephone shows the page without scrolling sideways."""
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        opened(browser, pages["bench"])
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def opacities(browser: webdriver.Chrome, plot: str) -> list[float]:
    """Of all marks of a plot, asked for at once: each question takes longer than its answer."""
    opacity_of_each = """
        return [...document.querySelectorAll(arguments[0])].map(
            mark => Number(mark.getAttribute("opacity") ?? 1))
    """
    selector = f"#plot-{plot} svg .mark-symbol path"
    found: list[float] = browser.execute_script(opacity_of_each, selector)
    return found


@pytest.mark.parametrize("how", ["click", "keyboard"])
def test_a_framework_can_be_isolated(
    browser: webdriver.Chrome, pages: dict[str, Path], how: str
) -> None:
    """In every plot the others fade, and come back; by mouse and by keyboard."""
    opened(browser, pages["bench"])
    before = opacities(browser, "throughput")
    button = browser.find_element(By.CSS_SELECTOR, "[data-isolate=flask-tuned]")
    if how == "click":
        button.click()
    else:
        button.send_keys(Keys.ENTER)
    assert button.get_attribute("aria-pressed") == "true"
    for plot in ("throughput", "memory", "latency-read", "latency-create"):
        eventually(lambda plot=plot: min(opacities(browser, plot)) < 0.2)
        assert max(opacities(browser, plot)) > 0.9
    card = browser.find_element(By.CSS_SELECTOR, ".card[data-target=drf-tuned]")
    assert float(card.value_of_css_property("opacity")) < 0.5
    ActionChains(browser).send_keys(Keys.ESCAPE).perform()
    eventually(lambda: opacities(browser, "throughput") == before)


def test_a_click_on_a_mark_isolates_its_framework(
    browser: webdriver.Chrome, pages: dict[str, Path]
) -> None:
    """The marks themselves are buttons too."""
    opened(browser, pages["bench"])
    mark = browser.find_elements(By.CSS_SELECTOR, "#plot-cost svg .mark-rect path")[0]
    browser.execute_script(
        "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", mark
    )
    ActionChains(browser).move_to_element(mark).click().perform()
    eventually(lambda: browser.find_elements(By.CSS_SELECTOR, "[data-isolate][aria-pressed=true]"))


def test_hover_tells_the_figure_with_its_interval(
    browser: webdriver.Chrome, pages: dict[str, Path]
) -> None:
    """Exact values, their interval and the number of rounds."""
    opened(browser, pages["bench"])
    mark = browser.find_elements(By.CSS_SELECTOR, "#plot-cost svg .mark-rect path")[0]
    browser.execute_script(
        "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", mark
    )
    ActionChains(browser).move_to_element(mark).perform()

    def told() -> str:
        found = browser.find_elements(By.CSS_SELECTOR, "#vg-tooltip-element.visible")
        return found[0].text if found else ""

    eventually(told)
    assert "95 % interval" in told()
    assert "3 rounds" in told()
    assert "FastAPI" in told()


def test_hover_finds_the_nearest_point_of_a_curve(
    browser: webdriver.Chrome, pages: dict[str, Path]
) -> None:
    """A thin line need not be hit: the nearest point is told, with its share of requests."""
    opened(browser, pages["bench"])
    curve = browser.find_element(By.CSS_SELECTOR, "#plot-latency-read svg")
    browser.execute_script(
        "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", curve
    )
    ActionChains(browser).move_to_element(curve).move_by_offset(3, 3).perform()
    eventually(lambda: browser.find_elements(By.CSS_SELECTOR, "#vg-tooltip-element.visible"))
    told = browser.find_element(By.CSS_SELECTOR, "#vg-tooltip-element").text
    assert "undefined" not in told
    assert "service time" in told
    assert "%" in told


def test_paper_shows_what_is_folded(browser: webdriver.Chrome, pages: dict[str, Path]) -> None:
    """Tables that can be unfolded on a screen are unfolded on paper."""
    opened(browser, pages["bench"])
    assert browser.find_elements(By.CSS_SELECTOR, "details:not([open])")
    browser.execute_script(
        "window.addEventListener('beforeprint', () => {"
        "window.folded = document.querySelectorAll('details:not([open])').length})"
    )
    assert browser.execute_cdp_cmd("Page.printToPDF", {})["data"]
    eventually(lambda: browser.execute_script("return window.folded") == 0)


def test_paper_keeps_titles_and_legend(browser: webdriver.Chrome, pages: dict[str, Path]) -> None:
    """Every table that can be folded has its title above it, and marks can be told apart."""
    opened(browser, pages["bench"])
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        titles = browser.find_elements(By.CSS_SELECTOR, "summary")
        assert len(titles) > 5
        assert [
            title for title in titles if not title.is_displayed() or not title.text.strip()
        ] == []
        legend = browser.find_element(By.CSS_SELECTOR, ".isolate")
        assert legend.text.split("\n") == [
            "FastAPI tuned",
            "Flask tuned",
            "Django REST Framework tuned",
        ]
        assert not browser.find_element(By.CSS_SELECTOR, ".bar nav").is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
