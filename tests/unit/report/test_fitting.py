"""Tables in the width that there is."""

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bench.report.document import Table
from bench.report.render.fitting import parts_of
from bench.report.render.terminal import make_console, print_table
from bench.report.sections.cost import cost_table, use_table
from bench.report.sections.throughput import speed_table
from bench.report.sections.verdicts import verdict_tables
from tests.unit.report.materials import RUNS, material

WIDE = Table(
    title="Speed",
    columns=("workload", "target", "requests/s", "p50 ms", "p99 ms", "limited by"),
    rows=(
        ("read", "fastapi", "1,391 ±1,234", "12.41 ±0.12", "103.20 ±9.99", "app core"),
        ("read", "flask-tuned", "inconclusive", "9.10 ±0.33", "88.00 ±12.30", "the generator"),
    ),
    numeric=(False, False, True, True, True, False),
    caption="What it means.",
)


def printed(table: Table, width: int) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None, force_terminal=True)
    print_table(console, table)
    return console.file.getvalue()


@given(st.integers(30, 100))
def test_no_cell_is_ever_cut_and_no_line_is_too_long(width: int) -> None:
    """Whatever the width: every figure is there in one piece, and the caption once."""
    text = printed(WIDE, width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    for row in WIDE.rows:
        for figure in row[2:5]:
            assert figure in text
    assert text.count(WIDE.caption) == 1


def test_what_fits_is_one_table() -> None:
    """And is as it always was."""
    assert len([*parts_of(WIDE, 100, lambda _: 100)]) == 1
    assert "continued" not in printed(WIDE, 100)


def test_too_wide_it_is_two_tables_with_the_same_keys() -> None:
    """The columns that tell rows apart stand in each, and the second says what it is."""
    text = printed(WIDE, 60)
    assert "Speed (continued)" in text
    assert text.count("flask-tuned") == 2
    assert len(re.findall("requests/s", text)) == 1


def test_where_no_figure_fits_beside_the_keys_each_row_is_a_list() -> None:
    """Names and values, one a line."""
    text = printed(WIDE, 30)
    assert re.search(r"read flask-tuned +\n", text)
    assert re.search(r"p99 ms +88.00 ±12.30", text)


def test_a_long_text_is_broken_between_words() -> None:
    """It is no figure."""
    words = "a sentence of many words that no terminal of this width has room for in one line"
    table = Table("", ("target", "why"), (("flask", words),), (False, False))
    text = printed(table, 40)
    assert " ".join(re.sub("why|─|flask|target", " ", text).split()) == words
    assert max(map(len, text.splitlines())) <= 40


def test_a_pipe_has_no_width(capsys: pytest.CaptureFixture[str]) -> None:
    """Every row is one line, however long."""
    console = make_console()
    table = Table("", ("target", "why"), (("flask", "word " * 100 + "end"),), (False, False))
    print_table(console, table)
    assert "word " * 100 + "end" in capsys.readouterr().out


@pytest.mark.parametrize("name", RUNS)
def test_every_run_is_told_in_80_columns(name: str) -> None:
    """The width of most terminals: nothing of a run's tables is cut or longer than a line."""
    run = material(name).record
    for table in (speed_table(run), cost_table(run), use_table(run), *verdict_tables(run)):
        text = printed(table, 80)
        assert "…" not in text
        assert max(map(len, text.splitlines())) <= 80
