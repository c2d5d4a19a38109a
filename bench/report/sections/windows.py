"""What was used in each measured window, as a table: the figures behind the plots over time."""

from collections.abc import Iterator, Sequence
from itertools import batched

from bench.analysis.memory import ROLES
from bench.analysis.series import Series
from bench.analysis.stored import StoredRun
from bench.analysis.timeline import GENERATOR, Band, mean_cpu, set_ups_of, units
from bench.metrics import METRICS
from bench.report.document import Row, Table, TargetCell
from bench.report.style import styles_of
from bench.report.words import forbidden_words, marked
from bench.words import NO_FIGURE

MOST_ROWS = 240
"""Rounds are joined until a table has no more rows than a page can show."""

SET_UP = "set-up and warm-up"

_CPU = ("app_cpu", "database_cpu", "generator_cpu")
_MEMORY = ("app_memory", "database_memory")
_COLUMNS = (
    *("app CPU %", "database CPU %", "generator CPU %"),
    *("app PSS MB", "database PSS MB"),
)


def windows_table(run: StoredRun, found: Sequence[Band]) -> Table:
    """A row per operation, framework and round; what was used before windows stands at the end.

    With very many windows a row stands for several rounds, and holds their means.
    """
    parts = tuple(_parts(run, found))
    rows = (*map(_window_row, parts), *_set_up_rows(run, found))
    step = _step(found)
    joined = f" Rows are means of up to {step} rounds; each is in rounds.csv." if step > 1 else ""
    return Table(
        title="Windows",
        columns=("operation", "framework", "round", *_COLUMNS),
        rows=rows,
        numeric=(False, False, False, *([True] * len(_COLUMNS))),
        caption="CPU: mean of the window, % of a core. PSS: read just after it. "
        f"{SET_UP.capitalize()}: from the sampler, between a cell's start and its first window: "
        f"rows are loaded, answers checked, the service warmed up.{joined}"
        + forbidden_words(series for series, _ in parts),
    )


def _step(found: Sequence[Band]) -> int:
    return max(1, -(-len(found) // MOST_ROWS))


def _parts(run: StoredRun, found: Sequence[Band]) -> Iterator[tuple[Series, str]]:
    """The windows of each row as any table has them, with their rounds in words."""
    step = _step(found)
    for title in dict.fromkeys(band.title for band in found):
        for target in styles_of(run.record):
            mine = [band for band in found if (band.title, band.target) == (title, target)]
            for part in batched(sorted(mine, key=lambda band: band.round), step, strict=False):
                first, windows = part[0], tuple(band.window for band in part)
                row = Series(target, first.workload, first.window.phase, windows)
                yield row, _rounds([band.round for band in part])


def _window_row(part: tuple[Series, str]) -> Row:
    row, rounds = part
    metrics = (METRICS[name] for name in (*_CPU, *_MEMORY))
    figures = (metric.format(metric.value(row.usable)) for metric in metrics)
    return (row.title, marked(row), rounds, *figures)


def _set_up_rows(run: StoredRun, found: Sequence[Band]) -> Iterator[Row]:
    for target in styles_of(run.record):
        mine = set_ups_of(run, found, target)
        spans = [(set_up.start_s, set_up.end_s) for set_up in mine]
        names = (*(units(run, role)[target] for role in ROLES), GENERATOR)
        used = [mean_cpu(run, unit, spans) for unit in names]
        if any(value is not None for value in used):
            rounds = _rounds(sorted(set_up.round for set_up in mine))
            figures = (NO_FIGURE if value is None else f"{value:,.0f}" for value in used)
            yield (SET_UP, TargetCell(target), rounds, *figures, *[NO_FIGURE] * len(_MEMORY))


def _rounds(numbers: Sequence[int]) -> str:
    first, last = numbers[0], numbers[-1]
    return str(first) if first == last else f"{first}–{last}"
