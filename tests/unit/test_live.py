"""The live view: what it shows, in how little room, and how it leaves the terminal."""

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from bench.experiment.schedule import Step
from bench.live.classic import ClassicLog
from bench.live.meter import Meter
from bench.live.observer import LiveObserver, Surroundings, cell_line
from bench.live.panel import PanelState, RoleUse, cores_of, panel_lines, time_left_s, time_words
from bench.model import ClosedLoop, Diagnostic, Placement, Progress, Sample
from bench.targets import known_targets

from .factories import cell, load_result, plan, record, window

FLASK = next(target for target in known_targets() if target.name == "flask")
DRIFT = Diagnostic("clock-drift", "the work took longer", "Measure again.", "doubt")
SMALL = Placement(app=(1,), database=(0,), generator=(0,), housekeeping=(0,))
ROLES = {
    "app": RoleUse(0.98, 71_000_000),
    "database": RoleUse(0.41, 64_000_000),
    "generator": RoleUse(None, None),
}
MOMENT = PanelState(
    title="round 2  Django REST Framework  update",
    done=23,
    total=60,
    time_left_s=72.4,
    progress=Progress(0.5, 600, 3, 1200.0, 0.0243),
    rate_per_s=1234.0,
    window_s=1.0,
    roles=ROLES,
    cores=cores_of(SMALL, {0: 0.68, 1: 0.99}),
    diagnostics={"clock-drift": 3, "steal": 1},
)


def step(number: int) -> Step:
    return Step(number, "read", ("flask",), ClosedLoop(20), 1.0)


def text_of(moment: PanelState, width: int = 80, height: int = 24) -> list[str]:
    return [line.plain for line in panel_lines(moment, width, height)]


# --- the panel --------------------------------------------------------------------------------


def test_the_panel_tells_everything_in_80_columns_and_24_lines() -> None:
    """Progress, time left, rate, p99, failures, each role, each core, and the doubts."""
    text = "\n".join(text_of(MOMENT))
    for word in (
        *("23 of 60 cells", "about 1 min 12 s left", "1,234 requests/s", "p99 24.3 ms"),
        *("3 failed", "window 0.5 of 1 s", "app         98 %", "71 MB", "database    41 %"),
        *("CPU 1       99 %", "CPU 0       68 %", "database, generator, lab"),
        "diagnostics: clock-drift 3, steal 1",
    ):
        assert word in text
    assert len(text.splitlines()) <= 10


@pytest.mark.parametrize("width", [10, 20, 40, 60, 80, 200])
@pytest.mark.parametrize("height", [1, 3, 6, 12, 24])
def test_no_line_is_wider_than_the_terminal_and_none_too_many(width: int, height: int) -> None:
    """A line that wraps would leave remains behind when the panel is drawn anew."""
    lines = text_of(MOMENT, width, height)
    assert all(len(line) <= width for line in lines)
    assert 1 <= len(lines) <= max(1, height - 1)


def test_a_narrow_terminal_keeps_what_matters_most() -> None:
    """The time left goes before the count of cells, figures before bars."""
    text = "\n".join(text_of(MOMENT, width=48))
    assert "█" not in text
    assert "98 %" in text
    assert "p99" in text


def test_what_is_not_known_is_not_made_up() -> None:
    """Before the first tick there is no rate; before the first cell no time left."""
    text = "\n".join(text_of(PanelState("starting", 0, None, None)))
    assert "0 cells" in text
    assert "left" not in text
    assert "requests/s" not in text
    few = PanelState("x", 0, 4, None, progress=Progress(0.5, 9, 0, 18.0))
    assert "p99 – ms" in "\n".join(text_of(few))


@pytest.mark.parametrize(
    ("done", "total", "words"),
    [
        (17, 18, "setting up and warming up"),
        (18, 18, "all cells are measured"),
        (3, None, "setting up and warming up"),
    ],
)
def test_between_windows_it_says_what_goes_on(done: int, total: int | None, words: str) -> None:
    """After the last cell nothing is being set up."""
    assert words in text_of(PanelState("x", done, total, None))


def test_cores_with_the_same_roles_stand_together() -> None:
    """On a larger machine the two database cores are one line, at their mean."""
    large = Placement(app=(7,), database=(5, 6), generator=(4,), housekeeping=(0,))
    cores = cores_of(large, {7: 1.04, 5: 0.2, 6: 0.4})
    assert [(core.cpus, core.roles) for core in cores] == [
        ((7,), ("app",)),
        ((5, 6), ("database",)),
        ((4,), ("generator",)),
        ((0,), ("lab",)),
    ]
    assert cores[0].busy_share == 1.0
    assert cores[1].busy_share == pytest.approx(0.3)
    assert cores[2].busy_share is None


@pytest.mark.parametrize(
    ("spent_s", "done", "total", "under_way_s", "expected"),
    [
        (0.0, 0, 10, 3.0, None),
        (10.0, 5, None, 0.0, None),
        (10.0, 5, 10, 0.0, 10.0),
        (10.0, 5, 10, 1.5, 8.5),
        (10.0, 5, 10, 60.0, 8.0),  # a cell that takes long leaves the others before it
        (10.0, 5, 5, 0.0, 0.0),
    ],
)
def test_time_left(spent_s, done, total, under_way_s, expected) -> None:
    """The mean of the cells so far, for those that are left."""
    assert time_left_s(spent_s, done, total, under_way_s) == expected


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "0 s"),
        (59.4, "59 s"),
        (72.0, "1 min 12 s"),
        (3599.6, "1 h 00 min"),
        (7500, "2 h 05 min"),
    ],
)
def test_time_in_words(seconds: float, words: str) -> None:
    """Seconds become the words that a person would use."""
    assert time_words(seconds) == words


def test_a_meter_needs_two_readings_and_starts_afresh_with_a_new_process() -> None:
    """A counter that falls belongs to a unit that was started again."""
    meter = Meter(kept=3)
    assert meter.share("app") is None
    meter.read("app", 10.0, 5.0)
    assert meter.share("app") is None
    meter.read("app", 11.0, 5.5)
    assert meter.share("app") == pytest.approx(0.5)
    for second in (12.0, 13.0):
        meter.read("app", second, second - 5.5)
    assert meter.share("app") == pytest.approx(1.0)
    meter.read("app", 14.0, 0.1)
    assert meter.share("app") is None


# --- the observer -----------------------------------------------------------------------------


def observed(console: Console, folder: Path) -> LiveObserver:
    around = Surroundings(
        units=lambda target: (f"onecore-{target.name}", f"onecore-postgres-{target.name}"),
        placement_of=lambda _target: SMALL,
        busy_s=lambda: {0: 1.0, 1: 2.0},
    )
    return LiveObserver(console, ClassicLog(folder, "127.0.0.1"), around)


def act(observer: LiveObserver, rounds: int = 2) -> None:
    observer.run_started(record(plan=plan(targets=("flask",), rounds=rounds)), rounds, 0)
    for number in range(1, rounds + 1):
        observer.step_started(step(number), (FLASK,))
        observer.sampled((Sample(float(number), "onecore-flask", 0.9 * number, 70_000_000),))
        observer.progress(Progress(0.5, 400, 0, 800.0, 0.02))
        observer.progress(Progress(1.0, 1000, 0, 1000.0, 0.02))
        observer.cell_finished(cell(number, phases=(window(diagnostics=(DRIFT,)),)), FLASK)
    observer.run_finished(record())
    observer.close()


def test_plain_lines_where_there_is_no_terminal(tmp_path: Path) -> None:
    """No control sequences; each doubt once with its remedy; what is left after each round."""
    console = Console(file=io.StringIO(), width=120)
    act(observed(console, tmp_path))
    text = console.file.getvalue()
    assert "\x1b" not in text
    assert text.count("500 req/s") == 2
    assert text.count("doubt clock-drift: the work took longer. Measure again.") == 1
    assert re.search(r"1 of 2 cells, about \d+ s left; diagnostics: clock-drift 1", text)


def test_a_terminal_is_left_as_it_was(tmp_path: Path) -> None:
    """After close nothing of the panel is left, and the cursor is shown, also after Ctrl-C."""
    console = Console(file=io.StringIO(), width=80, height=24, force_terminal=True)
    observer = observed(console, tmp_path)
    observer.run_started(record(plan=plan(targets=("flask",))), 2, 0)
    observer.step_started(step(1), (FLASK,))
    observer.close()
    observer.close()
    written = console.file.getvalue()
    assert written.rindex("\x1b[?25h") > written.rfind("\x1b[?25l")
    # Every line of the panel is erased by the last sequences.
    assert written.endswith("\x1b[1A\x1b[2K" * 8)


def test_the_cursor_is_never_hidden_for_long(tmp_path: Path) -> None:
    """Whoever is killed with -9 while the panel is up leaves a usable terminal."""
    console = Console(file=io.StringIO(), width=80, height=24, force_terminal=True)
    observer = observed(console, tmp_path)
    observer.run_started(record(plan=plan(targets=("flask",))), 2, 0)
    written = console.file.getvalue()
    observer.close()
    assert written.rfind("\x1b[?25h") > written.rfind("\x1b[?25l")


def test_why_a_round_is_added_is_told_until_there_is_another_reason(tmp_path: Path) -> None:
    """Rounds up to the same look have the same one."""
    console = Console(file=io.StringIO(), width=80)
    observer = observed(console, tmp_path)
    observer.run_started(record(plan=plan(targets=("flask",))), 2, 0)
    for number, why in ((9, "too wide: a"), (10, "too wide: a"), (11, "too wide: b"), (12, "")):
        observer.round_added(number, 1, why)
    observer.close()
    told = [line for line in console.file.getvalue().splitlines() if "added" in line]
    assert told == [
        "round 9 added: too wide: a",
        "round 10 added",
        "round 11 added: too wide: b",
        "round 12 added",
    ]


def test_the_rate_is_that_of_the_latest_half_second(tmp_path: Path) -> None:
    """400 requests in the first half second, 600 in the second: 1,200/s."""
    console = Console(file=io.StringIO(), width=80, height=24, force_terminal=True)
    observer = observed(console, tmp_path)
    observer.run_started(record(plan=plan(targets=("flask",))), 2, 0)
    observer.step_started(step(1), (FLASK,))
    observer.progress(Progress(0.5, 400, 0, 800.0))
    observer.progress(Progress(1.0, 1000, 0, 1000.0))
    # What is printed above is drawn together with the panel as it was; a second print shows it.
    observer.round_added(3, 1, "")
    observer.close()
    assert "1,200 requests/s" in console.file.getvalue()


def test_in_turns_the_windows_of_all_targets_are_one(tmp_path: Path) -> None:
    """Three targets whose windows are 1 s: 3 s are to be counted."""
    console = Console(file=io.StringIO(), width=80, height=24, force_terminal=True)
    observer = observed(console, tmp_path)
    observer.run_started(record(plan=plan(targets=("flask",), window_s=1.0)), 2, 0)
    observer.step_started(step(1), (FLASK, FLASK, FLASK))
    observer.progress(Progress(1.5, 400, 0, 800.0))
    observer.round_added(3, 1, "")
    observer.close()
    assert "window 1.5 of 3 s" in console.file.getvalue()


@pytest.mark.parametrize(
    ("width", "lines"), [(120, 1), (80, 2)], ids=["in one line where it fits", "else in two"]
)
def test_a_cells_doubts_stand_behind_it_or_below(width: int, lines: int) -> None:
    """Nothing is cut off, and no line wraps in a terminal of 80 columns."""
    doubtful = cell(phases=(window(load=load_result(), diagnostics=(DRIFT, DRIFT)),))
    told = cell_line(doubtful, FLASK, width=width).splitlines()
    assert len(told) == lines
    assert all(len(line) <= width for line in told)
    assert told[-1].endswith("! clock-drift, clock-drift")
