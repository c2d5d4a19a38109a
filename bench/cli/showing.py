"""How a run is shown, whoever asks: on the terminal, and as files in its folder."""

from pathlib import Path

from bench.cli.options import out
from bench.experiment.assembly import site
from bench.model import RunRecord
from bench.report.markdown import render_markdown
from bench.report.page import page_markdown, print_page
from bench.report.pages import page_of
from bench.report.terminal import print_results


def show_run(record: RunRecord) -> None:
    """A run that has just been measured: its figures, and where everything is."""
    page = page_of(record)
    if page is None:
        print_results(out, record)
    else:
        print_page(out, page)
    write_report(site().results / record.run_id, record)


def write_report(directory: Path, record: RunRecord) -> None:
    page = page_of(record)
    text = render_markdown(record) if page is None else page_markdown(page)
    (directory / "report.md").write_text(text)
    out.print(f"Results: {directory}", soft_wrap=True, markup=False)
