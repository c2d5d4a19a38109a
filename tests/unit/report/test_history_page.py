"""The page of a history: everything found is on it, and every plot can be drawn."""

import altair as alt
import pytest

from bench.analysis.history import History, history_of
from bench.report.history import history_document
from bench.report.render.html import html_page
from tests.unit.test_history import run_at

from .test_page import Page


@pytest.fixture(scope="module")
def history() -> History:
    runs = [run_at(number, slower=("flask",) if number >= 8 else ()) for number in range(16)]
    return history_of(runs, runs[-1])


@pytest.fixture(scope="module")
def page(history: History) -> Page:
    return Page(html_page(history_document(history, {history.runs[0].run_id})))


def test_changes_are_told_in_words_and_marked_in_the_plot(page: Page, history: History) -> None:
    """The run, the size, and both in the words for those who cannot see the plot."""
    changed = history.runs[8].run_id
    assert changed in page.text
    assert any("slower" in label and changed in label for label in page.labels)
    (rate,) = [spec for spec in page.specs if "requests/s (log)" in str(spec["layer"])]
    (shift,) = rate["datasets"]["shifts"]
    assert (shift["target"], shift["run"]) == ("flask", changed)
    # Two levels for Flask, one for FastAPI, each with both of its ends.
    assert len(rate["datasets"]["levels"]) == 6
    assert len(rate["datasets"]["lines"]) == 32


def test_every_plot_is_valid_vega_lite_and_none_is_blank(page: Page) -> None:
    """Against Vega-Lite's own JSON Schema; a layer without rows is left out."""
    for spec in page.specs:
        alt.TopLevelSpec.validate({**spec, "datasets": {}})
        assert all(spec["datasets"][layer["data"]["name"]] for layer in spec["layer"])


def test_the_runs_are_listed_newest_first_with_their_pages(history: History) -> None:
    """A run with a page leads to it."""
    text = html_page(history_document(history, {history.runs[0].run_id}))
    first, last = history.runs[0].run_id, history.runs[-1].run_id
    assert f'href="./{first}/report.html"' in text
    listed = text[text.index('<h2 id="runs-title"') :]
    assert f'href="./{last}/report.html"' not in text
    assert listed.index(last) < listed.index(f'href="./{first}/report.html"')


def test_one_run_alone_has_a_page(history: History) -> None:
    """Too few to look for changes: it says so, and draws its points."""
    alone = history_of(history.runs[:1], history.runs[0])
    page = Page(html_page(history_document(alone, ())))
    assert "Too few runs" in page.text
    assert all(spec["datasets"]["lines"] for spec in page.specs)
