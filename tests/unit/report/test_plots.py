"""What all plots promise: shape beside colour, intervals to their end, and words with figures."""

import math
import re
from dataclasses import replace
from functools import cache

import pytest

from bench.analysis.history import History, history_of
from bench.analysis.stored import StoredRun
from bench.model import Estimate, RunRecord
from bench.report.history import history_document
from bench.report.plots.frame import MOST_INTERVAL, cut, log_span, unbounded
from bench.report.plots.rows import packed, rounded
from bench.report.plots.trends import run_labels, trend_plot
from bench.report.render.html import html_page, shared_rows
from bench.report.run import run_document
from bench.report.sections.over_time import over_time
from bench.report.style import styles_of
from tests.unit.report.materials import RUNS, bench, cells, in_turns, material, samples
from tests.unit.report.test_page import Page, flattened, page
from tests.unit.test_history import run_at


@cache
def history() -> History:
    runs = [run_at(number) for number in range(8)]
    return history_of(runs, runs[-1])


def plots(name: str) -> dict:
    return {plot.name: plot for plot in run_document(material(name)).plots}


def stretches_of(run: RunRecord) -> list[dict]:
    """What is tinted in its plots of one round."""
    figure, *_ = over_time(StoredRun(run, samples(20))).blocks
    return figure.plots[0].datasets["stretches"]


def channels(spec: dict) -> set[str]:
    """The channels by which a plot's layers tell frameworks apart."""
    return {
        channel
        for layer in spec["layer"]
        for channel, encoding in layer["encoding"].items()
        if isinstance(encoding, dict) and encoding.get("field") == "label"
    }


@pytest.mark.parametrize("name", [*RUNS, "history"])
def test_no_colour_stands_without_a_marker(name: str) -> None:
    """Whoever sees no colours sees which framework a mark is about."""
    found = page(name) if name in RUNS else Page(html_page(history_document(history(), ())))
    assert found.specs
    for spec in found.specs:
        if "color" in channels(spec):
            assert "shape" in channels(spec)


@pytest.mark.parametrize("name", ["bench", "crud", "open loop"])
def test_each_framework_is_marked_in_each_time_plot(name: str) -> None:
    """Above its windows, and on its lines."""
    for plot_name, plot in plots(name).items():
        if plot_name.startswith(("cpu-app", "cpu-database", "memory-app", "memory-database")):
            marked = {row["target"] for row in plot.datasets["marks"]}
            assert marked == {"fastapi", "flask", "drf"}
            assert {row["target"] for row in plot.datasets["stretches"] if row["marked"]} == marked


def test_the_memory_of_a_database_is_a_line() -> None:
    """Though the sampler reads it once a minute: each window adds a reading."""
    for row in plots("bench")["memory-database"].datasets["lines"]:
        assert len(row["x"]) == len(row["y"]) >= 2


def test_one_reading_is_no_line() -> None:
    """Without a window there is one reading of each database: no blank plot stands for it."""
    found = plots("interrupted at once")
    assert "memory-database" not in found
    assert "memory-app" in found


@pytest.mark.parametrize("name", [name for name in RUNS if name != "no cell fit"])
def test_every_plot_tells_figures_in_words(name: str) -> None:
    """Not only what it is about: what it shows."""
    for label in page(name).labels:
        assert len(re.findall(r"\d", re.sub(r"p99|95 %|round \d+", "", label))) >= 2


def test_cpu_over_time_tells_windows_and_set_up_apart() -> None:
    """The mean of what was measured, and of what came before it, for each framework."""
    told = plots("bench")["cpu-app-whole-run"].description
    assert "18 measured windows" in told
    # 1.9 CPU seconds in windows of 2.02 to 3.5 s; the sampler saw 80 % throughout.
    assert "FastAPI: 80 % of a core to 80 % of a core in 199 readings, mean 93 % in 6" in told
    assert told.count("80 % in set-up and warm-up") == 3


def test_hover_tells_the_window_of_a_reading() -> None:
    """A reading in a measured window leads to its words, one before it to the set-up."""
    data = plots("bench")["cpu-app-whole-run"].datasets
    stretches = data["stretches"]
    first = data["lines"][0]
    assert [row["place"] for row in stretches] == list(range(len(stretches)))
    for at, during in zip(first["x"], first["during"], strict=True):
        if during is not None:
            assert stretches[during]["start"] <= at <= stretches[during]["end"]
    told = {stretches[during]["what"] for during in first["during"] if during is not None}
    assert {"set-up and warm-up of read, round 1, fastapi", "read, round 1, fastapi"} <= told


def test_each_turn_is_tinted_and_what_is_of_all_targets_once() -> None:
    """Turns in their target's colour; their common set-up does not lie over itself."""
    stretches = stretches_of(in_turns())
    assert [(row["target"], row["set_up"]) for row in stretches] == [
        ("", True),
        *[(target, False) for target in ("fastapi", "flask", "drf") * 2],
    ]
    ends = [row["end"] for row in stretches]
    assert all(end <= row["start"] for end, row in zip(ends, stretches[1:], strict=False))
    assert stretches[0]["what"] == "set-up and warm-up of read, round 1, fastapi, flask, drf"
    assert [row["what"] for row in stretches if row["target"] == "drf"] == [
        "read, round 1, drf"
    ] * 2


def test_turns_too_short_to_be_seen_are_one_stretch() -> None:
    """However many there are; it tells what each target did in it."""
    set_up, turns = stretches_of(in_turns(turns=200, turn_s=0.02))
    assert (set_up["set_up"], turns["set_up"]) == (True, False)
    assert (turns["target"], turns["marked"]) == ("", False)
    assert (turns["start"], turns["end"]) == (5.1, 77.0)
    assert turns["what"] == "read, round 1, fastapi, flask, drf in turns"
    assert [told.partition(":")[0] for told in turns["rate"].split("; ")] == [
        "fastapi",
        "flask",
        "drf",
    ]


def test_loaded_and_peak_memory_have_a_number_each() -> None:
    """Which is which is said beside it."""
    data = plots("bench")["memory"].datasets
    (row, *_) = [row for row in data["peaks"] if row["role"] == "app"]
    assert (row["short"], row["highest"]) == ("50", "peak 56")


def test_rows_are_sent_once() -> None:
    """Windows and their words stand on the page once, for all plots over time."""
    found = run_document(material("bench")).plots
    shared = shared_rows(found)
    whole = [plot for plot in found if plot.name.endswith("whole-run")]
    names = {shared.spec(plot)["datasets"]["stretches"] for plot in whole}
    assert len(whole) == 3
    assert len(names) == 1
    assert shared.by_name[names.pop()] == whole[0].datasets["stretches"]


def test_packed_rows_are_the_same_rows() -> None:
    """Vega's flatten transform gives back what was packed, gaps included."""
    rows = [{"a": name, "x": x, "y": y} for name in "pq" for x, y in ((1, 2.5), (2, None))]
    found = packed(rows, "x", "y")
    assert len(found) == 2
    assert flattened(found, ["x", "y"]) == rows


def test_figures_are_rounded_where_no_measurement_reaches() -> None:
    """To seven digits, in lists too; words and whole numbers stay."""
    row = {"a": 1234.56789, "b": [0.123456789, None], "c": "1.23456789", "d": 123456789}
    assert rounded([row]) == [{**row, "a": 1234.568, "b": [0.1234568, None]}]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (90.0, 110.0, (90.0, 110.0, "")),
        (-20.0, 110.0, (100 / MOST_INTERVAL, 110.0, "↓")),
        (0.0, math.inf, (100 / MOST_INTERVAL, 100 * MOST_INTERVAL, "↓↑")),
    ],
)
def test_an_interval_beyond_the_plot_is_cut_and_marked(low, high, expected) -> None:
    """None is left out for being wide, also where a log scale has no place for its end."""
    row = {"value": 100.0, "low": low, "high": high}
    span = log_span([100.0], [low, high])
    found = cut([row], span, arrows=("↓", "↑"))
    start, end, arrows = expected
    assert [(window["from"], window["to"]) for window in found.shown] == [(start, end)]
    assert "".join(arrow["arrow"] for arrow in found.arrows) == arrows
    assert unbounded([row]) == [{"value": 100.0}]


def test_the_widest_interval_of_a_history_is_drawn() -> None:
    """It reaches below 0, where a log scale has no place, and ends with an arrow."""
    (trend, *_) = history().trends
    first, *others = trend.points
    wide = Estimate(first.estimate.point, -5.0, 3 * first.estimate.point, 0.95, 2)
    changed = replace(trend, points=(replace(first, estimate=wide), *others))
    runs = [run.run_id for run in history().runs]
    plot = trend_plot("t", [changed], runs, styles_of(material("bench").record))
    assert len(plot.datasets["intervals"]) == len(runs)
    assert [row["arrow"] for row in plot.datasets["arrows"]] == ["↓", "↑"]
    assert {row["run"] for row in plot.datasets["arrows"]} == {first.run_id}


def test_runs_of_one_day_are_told_apart() -> None:
    """By their minute, or by their whole id; a day with one run needs no more than its date."""
    runs = ("20261121-090000", "20261122-104210", "20261122-110000", "20261122-110030")
    assert list(run_labels(runs).values()) == [
        "2026-11-21",
        "2026-11-22 10:42",
        "20261122-110000",
        "20261122-110030",
    ]


@pytest.mark.parametrize(
    ("rounds", "has_words", "is_tinted"), [(3, True, True), (40, False, True), (140, False, False)]
)
def test_what_cannot_be_seen_is_not_sent(rounds: int, has_words: bool, is_tinted: bool) -> None:
    """Many windows are too narrow to hover, very many to be tinted; the page says so."""
    one_round = cells(rounds=1)
    every = (replace(cell, round=number + 1) for number in range(rounds) for cell in one_round)
    section = over_time(StoredRun(bench(cells=tuple(every)), samples()))
    (found,) = [figure for figure in section.blocks if figure.caption.startswith("The whole run")]
    stretches = found.plots[0].datasets.get("stretches", [])
    assert bool(stretches) == is_tinted
    assert any("what" in row for row in stretches) == has_words
    assert ("cannot be tinted" in found.caption) == (not is_tinted)
