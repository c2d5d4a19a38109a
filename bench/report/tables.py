"""Tables as plain text cells, from records. How they are drawn is another module's matter."""

from collections.abc import Iterable
from dataclasses import dataclass

from bench.analysis.series import Series, series
from bench.metrics import METRICS
from bench.model import ClosedLoop, Pacing, RunRecord, Users


@dataclass(frozen=True)
class Table:
    """`numeric` marks the columns to be set to the right."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    caption: str = ""


FORBIDDEN = "✕"
"""Marks a target some of whose rounds an `invalid` diagnostic forbids to use."""


def forbidden_words(found: Iterable[Series]) -> str:
    """What the mark means and why it stands in a table of these; "" where there is none."""
    codes = dict.fromkeys(code for each in found for code in each.invalid_codes)
    if not codes:
        return ""
    return (
        f" {FORBIDDEN}: so many of its rounds are invalid ({', '.join(codes)}). They are in no "
        "figure but the counts; where all are, their figures are shown, and must not be used."
    )


def mark(found: Series) -> str:
    """E.g. "✕ 1 of 3" for one invalid round of three; "" where every round may be used."""
    invalid = found.invalid_count
    return f"{FORBIDDEN} {invalid} of {len(found.windows)}" if invalid else ""


def marked_name(found: Series) -> str:
    """The target, marked where a round of it must not be used: see `forbidden_words`."""
    return f"{found.target} {mark(found)}".rstrip()


def _figure(name: str, one: Series) -> str:
    return METRICS[name].format(METRICS[name].value(one.behind(METRICS[name])))


def _limits(one: Series) -> str:
    if not one.windows:
        return "not measured"
    return ", ".join(dict.fromkeys(window.limited_by for window in one.usable))


def _speed_row(one: Series) -> tuple[str, ...]:
    rate, windows = METRICS["rate"], one.windows
    if not windows:
        return (one.title, marked_name(one), "–", "–", "–", "–", "–", "not measured", "–")
    asked = sum(window.load.succeeded + window.load.failed for window in windows)
    return (
        one.title,
        marked_name(one),
        rate.format_interval(rate.estimate(one.usable)),
        _figure("p50", one),
        _figure("p95", one),
        _figure("p99", one),
        f"{_figure('succeeded', one)}/{asked:,}",
        _figure("failed", one),
        _figure("duration", one),
    )


def time_word(pacing: Pacing) -> str:
    """What the times of a window are, by how its load arrives."""
    match pacing:
        case ClosedLoop():
            return "service time"
        case Users(throughput_per_s=None):
            return "response time"
        case _:
            return "latency"


def speed_table(record: RunRecord) -> Table:
    """Rate with its interval, response times and outcomes per operation and framework."""
    time = time_word(record.plan.pacing)
    found = series(record)
    return Table(
        title="Speed",
        columns=(
            *("operation", "framework", "RPS", "p50 ms", "p95 ms", "p99 ms"),
            *("success", "failures", "duration s"),
        ),
        rows=tuple(map(_speed_row, found)),
        numeric=(False, False, *([True] * 7)),
        caption=(
            "RPS: successful requests per second, mean over rounds ± half of its 95 % interval. "
            f"p50, p95, p99: {time} over all rounds. Duration: measured windows, pauses left out."
            + forbidden_words(found)
        ),
    )


def _intervals(one: Series, *names: str) -> tuple[str, ...]:
    metrics = [METRICS[name] for name in names]
    return tuple(metric.format_interval(metric.estimate(one.usable)) for metric in metrics)


def cost_table(record: RunRecord) -> Table:
    """CPU per request by role, and what limited the rate."""
    found = series(record)
    return Table(
        title="Cost",
        columns=(
            *("operation", "framework", "app us", "database us", "generator us"),
            *("queries", "limited by"),
        ),
        rows=tuple(
            (
                one.title,
                marked_name(one),
                *_intervals(one, "app_cost", "database_cost", "generator_cost"),
                _figure("queries", one),
                _limits(one),
            )
            for one in found
        ),
        numeric=(False, False, True, True, True, True, False),
        caption=(
            "us: CPU time per request, mean over rounds ± half of its 95 % interval. Queries: "
            "statements per request, pre-ping included." + forbidden_words(found)
        ),
    )


def use_table(record: RunRecord) -> Table:
    """How busy each role kept its core, and its memory."""
    found = series(record)
    return Table(
        title="Use",
        columns=(
            *("operation", "framework", "app CPU %", "database CPU %", "generator CPU %"),
            *("app PSS MB", "database PSS MB"),
        ),
        rows=tuple(
            (
                one.title,
                marked_name(one),
                *_intervals(one, "app_cpu", "database_cpu", "generator_cpu"),
                *_intervals(one, "app_memory", "database_memory"),
            )
            for one in found
        ),
        numeric=(False, False, True, True, True, True, True),
        caption=(
            "CPU: % of one core. PSS: memory with shared pages counted once. Means over rounds ± "
            "half of their 95 % interval." + forbidden_words(found)
        ),
    )
