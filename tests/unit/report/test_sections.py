"""The figures behind the page: each section's own arithmetic, on records one can check by hand."""

from dataclasses import replace

import pytest

from bench.analysis.commands import commands
from bench.analysis.diagnostics.collected import diagnostics_of
from bench.analysis.latency import HALF, curves, percentile_at
from bench.analysis.memory import memory_use
from bench.analysis.series import series
from bench.analysis.stored import StoredRun
from bench.analysis.timeline import (
    bands,
    cpu_line,
    impossible_readings,
    mean_cpu,
    memory_line,
    round_span,
    set_ups,
    whole_span,
)
from bench.metrics import METRICS
from bench.model import Diagnostic, Memory, Sample, TargetRecord
from bench.report.document import Cards, Commands, Matrices, Section, Sheet
from bench.report.run import run_document
from bench.report.sections.answer import answer
from bench.report.sections.equality import equality
from bench.report.sections.figures import figure_tables, figures
from bench.report.sections.provenance import provenance
from bench.report.sections.verdicts import verdict_matrix
from bench.report.sections.windows import MOST_ROWS, SET_UP, windows_table
from tests.unit.factories import cell, distribution, load_result, plan, record, role_cost, window
from tests.unit.report.materials import (
    BEGAN,
    RUNS,
    SET_UP_S,
    bench,
    cells,
    in_turns,
    material,
    samples,
)


def cards(name: str) -> dict[str, object]:
    (found,) = [block for block in answer(material(name)).blocks if isinstance(block, Cards)]
    return {card.target: card for card in found.cards}


def test_a_card_has_rate_interval_cost_and_limit() -> None:
    """One sentence says what it does, what it costs and what stopped it."""
    card = cards("bench")["fastapi"]
    assert card.figure == "490 requests/s"  # 1,000 requests in 2.02, 2.04 and 2.06 s
    assert card.interval.startswith("95 % interval 4")
    assert "us in the app and" in card.sentence
    assert "Limited by: app core." in card.sentence


def test_a_card_of_an_invalid_round_is_marked() -> None:
    """The figure is not hidden, and not left without its doubt."""
    card = cards("warnings")["fastapi"]
    assert card.doubtful
    assert "1 of 3 rounds invalid and left out" in card.sentence
    assert (card.figure, card.interval) == (
        "488 requests/s",
        "95 % interval 458 to 518, 2 rounds",
    )


def test_an_open_loop_is_headed_by_its_latency() -> None:
    """Where the rate is given, it is no result."""
    assert cards("open loop")["flask"].figure.startswith("p99 ")


def matrices(section: Section) -> list[Matrices]:
    return [block for block in section.blocks if isinstance(block, Matrices)]


def test_matrix_mirrors() -> None:
    """What is faster one way is slower the other way, by the inverse ratio."""
    (block, *_) = matrices(verdict_matrix(material("bench")))
    for matrix in block.matrices:
        for row in range(3):
            assert matrix.fields[row][row] is None
            for column in range(row):
                below, above = matrix.fields[row][column], matrix.fields[column][row]
                assert {below.verdict, above.verdict} == {"faster", "slower"}
                product = float(below.ratio[:-2]) * float(above.ratio[:-2])
                assert product == pytest.approx(1, abs=0.01)


def many_targets() -> StoredRun:
    """A run of three standard targets, two tuned ones and an engine, all compared."""
    known = (
        *(TargetRecord(name, name, name, "standard", "core") for name in ("a", "b", "c")),
        *(TargetRecord(f"{name}-tuned", name, name, "tuned", "strict") for name in ("a", "b")),
        TargetRecord("d", "d", "d", "engine", "core", compared_with=("a",)),
    )
    names = tuple(target.name for target in known)
    made = [cell(number, name, "read") for number in (1, 2, 3) for name in names]
    return StoredRun(record(plan=plan(targets=names, rounds=3), targets=known, cells=tuple(made)))


def test_many_targets_have_a_matrix_for_each_mode() -> None:
    """One of all would be too wide; what is compared across modes stands in a table, once."""
    section = verdict_matrix(many_targets())
    rate, *_ = matrices(section)
    across = next(block for block in section.blocks if isinstance(block, Sheet))
    assert [(matrix.title, matrix.targets) for matrix in rate.matrices] == [
        ("read, standard", ("a", "b", "c")),
        ("read, tuned", ("a-tuned", "b-tuned")),
    ]
    told = [row[1].split()[::4] for row in across.table.rows]
    assert told == [["a-tuned", "a"], ["d", "a"], ["b-tuned", "b"]]


def test_many_targets_are_told_by_their_frameworks() -> None:
    """A title names each target, or where they are many what they are of."""
    assert run_document(material("bench")).title == (
        "FastAPI, Flask and Django REST Framework under load"
    )
    assert run_document(many_targets()).title == "6 targets of a, b, c and d under load"


def test_matrix_has_no_operation_that_was_not_begun() -> None:
    """An interrupted run does not show matrices of dashes."""
    run = replace(RUNS["interrupted"], cells=RUNS["interrupted"].cells[:3])
    (block, *_) = matrices(verdict_matrix(StoredRun(run)))
    assert [matrix.title for matrix in block.matrices] == ["read"]


def test_nines() -> None:
    """0 nines is everything, 1 is 90 %, 2 is 99 %; the half has a place of its own."""
    assert [percentile_at(nines) for nines in (0, HALF, 1, 2, 3)] == [0, 50, 90, 99, 99.9]


def test_a_curve_ends_where_samples_are_too_few() -> None:
    """1,000 requests tell p99.5 (5 beyond) and not p99.9 (1 beyond)."""
    seconds = [rank / 1000 for rank in range(1, 1001)]
    load = load_result(1000, latency={"read": distribution(seconds)})
    (curve,) = curves(series(record(cells=(cell(phases=(window(load=load),)),))))
    assert 99 < percentile_at(curve.points[-1].nines) <= 99.5
    by_nines = {point.nines: point.seconds for point in curve.points}
    assert by_nines[HALF] == pytest.approx(0.5, rel=0.001)
    assert by_nines[1] == pytest.approx(0.9, rel=0.001)


def test_curves_of_a_mixture_are_told_apart() -> None:
    """Each operation of a mixture has its own distribution."""
    names = {curve.operation for curve in curves(series(RUNS["mixed"]))}
    assert names == {"mixed: list", "mixed: read"}


def test_memory_idle_loaded_peak() -> None:
    """Idle before the first window, loaded after windows, peak over all readings."""
    part = window(
        load=load_result(started_at_unix_s=BEGAN),
        app=replace(role_cost(1.0), memory=Memory(60_000_000, 1, 1)),
    )
    run = record(plan=plan(targets=("flask",)), cells=(cell(phases=(part,)),))
    read = (
        Sample(BEGAN - 2, "onecore-flask", 0.0, 50_000_000),
        Sample(BEGAN - 1, "onecore-flask", 0.0, 51_000_000),
        Sample(BEGAN + 1, "onecore-flask", 0.5, 70_000_000),
    )
    app, database = memory_use(StoredRun(run, read))
    assert (app.idle_bytes, app.loaded_bytes, app.peak_bytes) == (
        50_000_000,
        60_000_000,
        70_000_000,
    )
    assert database.idle_bytes is None


def test_memory_of_a_process_that_ends_or_begins_is_no_figure() -> None:
    """What is left of it, or there already, is neither idle memory nor a peak."""
    read = (
        Sample(BEGAN - 12, "onecore-flask", 0.0, pid=6),
        Sample(BEGAN - 11, "onecore-flask", 0.1, 150_000, pid=7),
        Sample(BEGAN - 5, "onecore-flask", 0.2, 50_000_000, pid=7),
        Sample(BEGAN + 1, "onecore-flask", 0.5, 90_000_000, pid=7),
        Sample(BEGAN + 1.5, "onecore-flask", 0.1, pid=8),
    )
    part = window(load=load_result(started_at_unix_s=BEGAN))
    run = record(plan=plan(targets=("flask",)), cells=(cell(phases=(part,)),))
    app, _ = memory_use(StoredRun(run, read))
    assert (app.idle_bytes, app.peak_bytes) == (50_000_000, 50_000_000)


def test_what_is_read_of_a_shared_server_is_no_target_s_memory() -> None:
    """The sampler reads the whole server; just after a window each target's part is known."""
    standard = TargetRecord("flask", "Flask", "flask", "standard", "core")
    tuned = TargetRecord("flask-tuned", "Flask", "flask", "tuned", "strict")
    read = (Sample(BEGAN - 1, "onecore-postgres-flask", 0.0, 90_000_000),)
    part = window(
        load=load_result(started_at_unix_s=BEGAN),
        database=replace(role_cost(1.0), memory=Memory(40_000_000, 1, 1)),
    )
    for targets, told in (
        ((standard,), (90_000_000, 40_000_000, 90_000_000)),
        ((standard, tuned), (None, 40_000_000, 40_000_000)),
    ):
        names = tuple(target.name for target in targets)
        run = record(
            plan=plan(targets=names), targets=targets, cells=(cell(target="flask", phases=(part,)),)
        )
        (database,) = [
            use
            for use in memory_use(StoredRun(run, read))
            if (use.target, use.role) == ("flask", "database")
        ]
        assert (database.idle_bytes, database.loaded_bytes, database.peak_bytes) == told


def test_cpu_over_time_loses_nothing_when_thinned() -> None:
    """However few points are drawn, their CPU time adds up to what was used."""
    found = StoredRun(bench(), samples(200))
    for most in (10, 1000):
        line = cpu_line(found, "onecore-flask", whole_span(found), most)
        assert len(line.readings) <= max(most + 1, 200)
        assert all(reading.value == pytest.approx(80) for reading in line.readings)


def test_a_restart_breaks_the_line() -> None:
    """A counter that begins again is no negative use."""
    read = tuple(
        Sample(BEGAN + at, "onecore-flask", cpu) for at, cpu in enumerate((1.0, 1.5, 0.1, 0.6))
    )
    line = cpu_line(StoredRun(bench(), read), "onecore-flask", (0, 10))
    assert [reading.value for reading in line.readings] == [50.0, None, pytest.approx(50.0)]


def test_new_processes_break_the_line() -> None:
    """What they used before they were first seen, and the old ones after they were last seen, is
    not known: a gap, also where the new count is higher than the old one."""
    read = (
        Sample(BEGAN, "onecore-flask", 0.1, pid=7),
        Sample(BEGAN + 0.25, "onecore-flask", 0.3, pid=7),
        Sample(BEGAN + 0.5, "onecore-flask", 0.45, pid=8),
        Sample(BEGAN + 0.75, "onecore-flask", 0.5, pid=8),
    )
    found = StoredRun(bench(), read)
    line = cpu_line(found, "onecore-flask", (0, 10))
    assert [reading.value for reading in line.readings] == [
        pytest.approx(80),
        None,
        pytest.approx(20),
    ]
    assert mean_cpu(found, "onecore-flask", [(0.0, 0.75)]) == pytest.approx(50)
    assert mean_cpu(found, "onecore-flask", [(0.25, 0.5)]) is None
    assert impossible_readings(found) == 0


def test_more_than_a_unit_can_have_is_no_reading() -> None:
    """Each app has one CPU: in old runs a count may jump ahead when processes are noticed late."""
    read = tuple(
        Sample(BEGAN + at / 4, "onecore-flask", cpu_s)
        for at, cpu_s in enumerate((0.0, 0.2, 1.45, 1.65))
    )
    found = StoredRun(bench(), read)
    values = [reading.value for reading in cpu_line(found, "onecore-flask", (0, 10)).readings]
    assert values == [pytest.approx(80), None, pytest.approx(80)]
    assert impossible_readings(found) == 1
    (told,) = (
        diagnostic for diagnostic, _ in diagnostics_of(found) if diagnostic.code == "impossible-cpu"
    )
    assert told.severity == "note"


def test_a_pause_breaks_the_line() -> None:
    """Between the sittings of a resumed run nothing is drawn."""
    read = (
        Sample(BEGAN, "onecore-flask", 1.0),
        Sample(BEGAN + 600, "onecore-flask", 2.0),
    )
    (reading,) = cpu_line(StoredRun(bench(), read), "onecore-flask", (0, 1000)).readings
    assert reading.value is None


def test_memory_over_time_keeps_peaks_when_thinned() -> None:
    """Of readings that are joined the highest is drawn."""
    found = StoredRun(bench(), samples(200))
    line = memory_line(found, "flask", "app", whole_span(found), most=5)
    assert len(line.readings) <= 5
    assert max(line.known) == 40_000_000 + 100_000 * 160


def test_memory_over_time_has_what_was_read_after_windows() -> None:
    """The sampler reads a database once a minute; each window adds a reading at its end."""
    found = StoredRun(bench(), samples(200))
    line = memory_line(found, "flask", "database", whole_span(found))
    mine = [band for band in bands(found) if band.target == "flask"]
    assert [reading.at_s for reading in line.readings] == [0.0, *(band.end_s for band in mine)]
    assert [reading.value for reading in line.readings] == [
        40_000_000.0,
        *[50_000_000.0] * len(mine),
    ]


@pytest.mark.parametrize(
    ("before", "after", "is_known"),
    [
        ([(-0.25, 7, 3.0)], [(0.25, 7, 3.1), (0.5, 8, 0.1)], False),
        ([(-0.75, 7, 3.0), (-0.5, 8, 0.1)], [(0.25, 8, 0.3)], False),
        ([(-1.0, None, 3.0), (-0.5, None, 0.1)], [(0.25, None, 0.3)], False),
        ([(-0.25, None, 3.0)], [(0.25, None, 2.9)], True),
        ([(-2.25, 7, 3.0), (-2.0, 8, 0.1)], [(2.0, 8, 0.4), (2.25, 9, 0.1)], True),
        ([(-600.0, 7, 3.0)], [(600.0, 9, 0.1)], True),
        ([], [], True),
    ],
    ids=(
        "ending",
        "beginning",
        "beginning, without pids",
        "a child has ended",
        "long enough alive",
        "another sitting",
        "nothing else read",
    ),
)
def test_memory_of_a_process_that_ends_or_begins_is_a_gap(before, after, is_known) -> None:
    """Its PSS is neither the old process's memory nor the new one's."""
    _, pid, cpu_s = (before or [(0.0, None, 0.2)])[-1]
    readings = [(at, its_pid, used_s, None) for at, its_pid, used_s in (*before, *after)]
    readings.append((0.0, pid, cpu_s, 177_152))
    read = tuple(
        Sample(BEGAN + 1000 + at, "onecore-flask", used_s, pss_bytes, its_pid)
        for at, its_pid, used_s, pss_bytes in sorted(readings, key=lambda reading: reading[0])
    )
    found = StoredRun(record(cells=(cell(phases=()),)), read)
    (reading,) = memory_line(found, "flask", "app", whole_span(found)).readings
    assert reading.value == (177_152 if is_known else None)


def test_turns_are_where_they_were() -> None:
    """A window in turns is no stretch: others have theirs between its own. It ends with its last,
    which is when its memory is read."""
    found = StoredRun(in_turns())
    fastapi, flask, drf = bands(found)
    assert fastapi.spans == (pytest.approx((0.1, 0.28)), pytest.approx((0.94, 1.12)))
    assert drf.spans == (pytest.approx((0.66, 0.84)), pytest.approx((1.5, 1.68)))
    assert (flask.start_s, flask.end_s) == pytest.approx((0.38, 1.40))
    assert round_span(found) == (1, pytest.approx((0.1 - 2, 1.68 + 1)))
    (after,) = memory_line(found, "drf", "database", whole_span(found)).readings
    assert after.at_s == pytest.approx(1.68)


def test_set_up_of_targets_in_turns_ends_with_the_first_turn_of_any() -> None:
    """Who waits for a turn is no longer set up."""
    first = (Sample(BEGAN - 5, "onecore-flask", 0.0),)
    found = set_ups(StoredRun(in_turns(), first))
    assert [(set_up.start_s, set_up.end_s) for set_up in found] == [pytest.approx((1, 5))] * 3


def test_cpu_of_a_stretch_is_what_was_used_in_it() -> None:
    """Between readings too; a service that was started again is not counted backwards."""
    read = tuple(
        Sample(BEGAN + at, "onecore-flask", cpu_s)
        for at, cpu_s in enumerate((1.0, 1.5, 2.5, 0.0, 0.5))
    )
    found = StoredRun(bench(), read)
    assert mean_cpu(found, "onecore-flask", [(0.0, 1.0)]) == pytest.approx(50)
    assert mean_cpu(found, "onecore-flask", [(0.5, 1.5)]) == pytest.approx(75)
    assert mean_cpu(found, "onecore-flask", [(0.0, 1.0), (3.0, 4.0)]) == pytest.approx(50)
    assert mean_cpu(found, "onecore-flask", [(2.0, 3.0)]) is None
    assert mean_cpu(found, "onecore-flask", [(10.0, 11.0)]) is None
    assert mean_cpu(found, "onecore-drf", [(0.0, 1.0)]) is None


def test_set_ups_end_where_windows_begin() -> None:
    """What was loaded, verified and warmed up before a window is a stretch of its own."""
    found = StoredRun(bench(), samples())
    for set_up, band in zip(set_ups(found), bands(found), strict=True):
        assert set_up.end_s == band.start_s
        assert set_up.end_s - set_up.start_s == pytest.approx(SET_UP_S)


def test_windows_are_told_in_a_table() -> None:
    """One row each with the window's own figures; what was used before them stands apart."""
    found = StoredRun(bench(), samples(2000))
    table = windows_table(found, bands(found))
    windows = [row for row in table.rows if row[0] != SET_UP]
    assert len(windows) == len(bands(found)) == 18
    assert tuple(map(str, windows[0])) == ("read", "fastapi", "1", "94", "25", "20", "50.0", "50.0")
    before = [row for row in table.rows if row[0] == SET_UP]
    assert [tuple(map(str, row)) for row in before] == [
        (SET_UP, target, "1–3", "80", "20", "10", "–", "–")
        for target in ("fastapi", "flask", "drf")
    ]


def test_many_windows_are_joined_and_none_is_left_out() -> None:
    """A long run's table stays short: a row then stands for several rounds, and says so."""
    found = StoredRun(bench(cells=cells(rounds=100)), samples())
    table = windows_table(found, bands(found))
    assert len(table.rows) < MOST_ROWS + 10
    told = [row[2] for row in table.rows if tuple(map(str, row[:2])) == ("read", "drf")]
    assert told[:2] == ["1–3", "4–6"]
    assert told[-1] == "100"
    assert "up to 3 rounds" in table.caption


def test_an_invalid_window_is_marked_in_its_row() -> None:
    """A row of several rounds is a mean of the valid ones; one that has no other shows it."""
    invalid = Diagnostic("errors", "", "", "invalid")
    made = cells(("drf",), ("read",), rounds=3)
    first, *others = made
    (part,) = first.phases
    busy = replace(part.app, cpu_s=10 * part.app.cpu_s)
    lies = replace(first, phases=(replace(part, app=busy, diagnostics=(invalid,)),))
    record = bench(cells=(lies, *others), plan=plan(targets=("drf",), workloads=("read",)))
    found = StoredRun(record, samples(2000))
    table = windows_table(found, bands(found))
    assert [str(row[1]) for row in table.rows[:3]] == ["drf ✕ 1 of 1", "drf", "drf"]
    assert "errors" in table.caption
    many = [replace(band, round=band.round + 100 * n) for n in range(100) for band in bands(found)]
    joined = windows_table(found, many)
    sound = {row[3] for row in table.rows if str(row[1]) == "drf"}
    marked = {row[3] for row in joined.rows if "✕ 1 of 2" in str(row[1])}
    assert marked
    assert marked <= sound


def test_windows_are_marked_where_they_were() -> None:
    """Bands lie at the windows' own times, from the first reading on."""
    first, *_ = bands(material("bench"))
    assert (first.start_s, first.end_s) == (5.0, pytest.approx(7.02))
    number, (start_s, end_s) = round_span(material("bench"))
    assert number == 3
    assert start_s < end_s


def test_equality_tells_what_differs() -> None:
    """Equal work is shown to be equal, and a difference is named."""
    less = tuple(
        replace(
            result,
            phases=(
                replace(result.phases[0], load=replace(result.phases[0].load, bytes_received=1)),
            ),
        )
        if result.target == "drf"
        else result
        for result in cells()
    )
    services = {name: {"python": "3.13.0", name: "1"} for name in ("fastapi", "flask", "drf")}
    run = bench(cells=less, provenance={"services": services})
    tables = {block.table.title: block.table for block in equality(StoredRun(run)).blocks[1:]}
    differing = {row[0] for row in tables["What was not equal"].rows}
    assert differing == {"read: bytes/response", "list: bytes/response"}
    assert any(
        row[0] == "python"
        for title, table in tables.items()
        if "equal:" in title
        for row in table.rows
    )


def test_equality_lists_what_must_be_equal() -> None:
    """Settings in force, table and rows of each target; one that differs is named as such."""
    names = ("fastapi", "flask", "drf")
    settings = {name: {"workers": 1, "server_threads": 20} for name in names}
    settings["drf"]["server_threads"] = 40
    tables = {name: {"column id": "bigint not null"} for name in names}
    run = bench(provenance={"settings": settings, "tables": tables})
    told = {block.table.title: block.table for block in equality(StoredRun(run)).blocks[1:]}
    assert ("server_threads", "20", "20", "40", "≠ differs") in told["What was not equal"].rows
    (equal,) = (table for title, table in told.items() if "What was equal" in title)
    assert {
        ("workers", "1", "1", "1", "= equal"),
        ("items, column id", *["bigint not null"] * 3, "= equal"),
        ("rows loaded before each cell", *["1,000"] * 3, "= equal"),
    } <= set(equal.rows)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "bench",
            "make bench FRAMEWORK=fastapi,flask,drf WORKLOAD=read,list PROFILE=quick SEED=1"
            " ROUNDS=3 CONCURRENCY=20",
        ),
        (
            "open loop",
            "make bench FRAMEWORK=fastapi,flask,drf WORKLOAD=read,list PROFILE=quick"
            " SEED=1 ROUNDS=3 RATE=200 ARRIVALS=constant",
        ),
        (
            "sweep",
            "make sweep FRAMEWORK=fastapi,flask,drf WORKLOAD=read PROFILE=quick SEED=1 ROUNDS=2",
        ),
        (
            "saturation",
            "make saturate FRAMEWORK=fastapi,flask,drf WORKLOAD=read PROFILE=quick"
            " SEED=1 OBJECTIVE_MS=100 ARRIVALS=constant",
        ),
    ],
)
def test_the_command_that_reproduces_a_run(name: str, expected: str) -> None:
    """Pasted into a shell it makes the same plan."""
    *before, command = commands(RUNS[name])
    assert before == ["git checkout abc123"]
    assert command == expected


def test_provenance_is_full() -> None:
    """Every recorded fact has a row."""
    blocks = provenance(material("bench")).blocks
    assert any(isinstance(block, Commands) for block in blocks)
    names = {row[0] for row in blocks[-1].table.rows}
    assert {
        "machine.cpu_model",
        "plan.seed",
        "placement.app",
        "databases.flask.server_version",
    } <= names


def test_every_figure_of_the_registry_is_on_the_page() -> None:
    """A metric that has a value is shown for each target, without a line about it elsewhere."""
    run = material("bench")
    for table in figure_tables(run):
        titles = [row[0] for row in table.rows]
        mine = [target_series for target_series in run.series if target_series.title == table.title]
        for metric in METRICS.values():
            known = any(metric.value(target_series.windows) is not None for target_series in mine)
            assert (metric.title in titles) == known
        assert len(table.columns) == 2 + len(mine)


def test_without_a_measurement_there_is_no_figure() -> None:
    """No empty table stands for what did not happen."""
    assert figures(material("no cell fit")) is None
