"""Plots for papers: drawn without a browser, in real colours, with a legend and their source."""

from pathlib import Path

import pytest

from bench.analysis.stored import StoredRun
from bench.report.formats import Place, write_formats
from bench.report.render.images import printed, svg
from bench.report.run import run_document
from tests.unit.report.materials import RUNS, material


@pytest.fixture(scope="module")
def throughput():
    return next(plot for plot in run_document(material("bench")).plots if plot.name == "throughput")


def test_an_svg_stands_alone(throughput) -> None:
    """No variable of a page in it, every framework in its legend, run and machine in its title."""
    text = svg(throughput, "Run 1. Machine: Test CPU.")
    assert text.startswith("<svg")
    assert "var(" not in text
    for words in ("FastAPI", "Flask", "DRF", "Run 1. Machine: Test CPU.", "requests/s"):
        assert words in text


def test_paper_is_the_same_plot(throughput) -> None:
    """Nothing but its dress differs from the page's."""
    on_paper = printed(throughput, "")
    assert on_paper["datasets"] == throughput.spec["datasets"]
    assert len(on_paper["layer"]) == len(throughput.spec["layer"])


def test_each_plot_is_a_file(tmp_path: Path) -> None:
    """Named as on the page, PNG and SVG alike."""
    few = StoredRun(RUNS["sweep"])
    write_formats(few, run_document(few), Place(tmp_path, tmp_path), ("svg", "png"))
    names = {plot.name for plot in run_document(few).plots}
    assert names == {"scaling-read", "memory"}
    for name in names:
        assert (tmp_path / "plots" / f"{name}.svg").read_text().startswith("<svg")
        assert (tmp_path / "plots" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
