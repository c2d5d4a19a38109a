"""Whether a window was what it was taken for: the work done, by whom, and without a standstill.

That a service keeps the contract is verified before, one request at a time. What it did under load
only the database can say.
"""

from collections.abc import Mapping

from bench import histogram
from bench.model import Diagnostic, LoadResult, Operation, QueryCounts
from bench.words import times

_WRITES: tuple[Operation, ...] = ("create", "update", "delete")
_WITHOUT_DATABASE: tuple[Operation, ...] = ("echo", "ping")

LONGER_S = 1.0
"""So much longer than planned a window may be, beside three times what an answer usually takes."""

HELD_UP_S = 0.25
"""Longer than a busy machine lets anybody wait; above `LONGER_S` it makes a window invalid."""

_LYING = "It answers what it has not done: see its code. A figure of other work is no figure of it."


def work_off(
    load: LoadResult,
    queries: QueryCounts | None,
    rows_of: Mapping[Operation, int],
    *,
    exact: bool = True,
) -> tuple[Diagnostic, ...]:
    """Whether the database did what was answered: statements, rows, commits and the table itself.

    `rows_of` is how many rows an answer shows or changes. Without `exact`, requests may have been
    made that were not counted, as by users who were stopped.
    """
    if queries is None or all(name in _WITHOUT_DATABASE for name in load.latency):
        return ()
    answered = _answered(load)
    writes = sum(answered.get(name, 0) for name in _WRITES)
    wanted = sum(count * rows_of.get(name, 1) for name, count in answered.items())
    asked = sum(count for name, count in answered.items() if name not in _WITHOUT_DATABASE)
    found = []
    if queries.calls < asked or queries.rows < wanted:
        found.append(
            f"{asked} requests with {wanted} rows were answered, and the database was asked "
            f"{queries.calls} times and gave {queries.rows} rows"
        )
    if queries.commits is not None and queries.commits < writes:
        found.append(f"{writes} writes were answered, and {queries.commits} committed")
    if exact and not load.failed and (told := _table_off(load, answered, queries)):
        found.append(told)
    if not found:
        return ()
    return (Diagnostic("other-work", "; ".join(found), _LYING, "invalid"),)


def _answered(load: LoadResult) -> dict[Operation, int]:
    """Answers by operation; those of lead-ins where it is known of what they were."""
    answered = {name: distribution.count for name, distribution in load.latency.items()}
    if len(answered) == 1:
        return {name: count + load.uncounted for name, count in answered.items()}
    return answered


def _table_off(load: LoadResult, answered: Mapping[Operation, int], queries: QueryCounts) -> str:
    """Whether the table has other rows than were created and deleted, as far as that is known."""
    if queries.rows_added is None or (load.uncounted and len(answered) > 1):
        return ""
    wanted = answered.get("create", 0) - answered.get("delete", 0)
    if queries.rows_added == wanted:
        return ""
    return f"the table has {queries.rows_added:+d} rows, and what was answered makes {wanted:+d}"


def standstill(load: LoadResult, longer_s: float) -> tuple[Diagnostic, ...]:
    """Whether the generator was stopped, or nobody answered for a while.

    `longer_s` is by how much the window, or its longest turn, was longer than planned.
    """
    held_up_s = load.held_up_s or 0.0
    found = []
    if held_up_s > HELD_UP_S:
        found.append(
            Diagnostic(
                "generator-stopped",
                f"the load generator did not run for {held_up_s:.1f} s",
                "What is told of the target is not its own: look for what stopped the generator, "
                "or took its core.",
                "invalid" if held_up_s > LONGER_S else "doubt",
            )
        )
    if longer_s - held_up_s > LONGER_S + 3 * _usual_s(load):
        found.append(
            Diagnostic(
                "stood-still",
                f"answers took {longer_s:.1f} s longer than the window was planned for",
                "The app or its database did not run, or waited for a lock: see their logs.",
                "invalid",
            )
        )
    return tuple(found)


def _usual_s(load: LoadResult) -> float:
    """What an answer usually takes: not the mean, in which a standstill itself stands."""
    merged = histogram.merge(load.latency.values())
    return histogram.quantiles_s(merged, (50.0,))[0] if merged.count else 0.0


def workers_replaced(within: bool, before: bool) -> tuple[Diagnostic, ...]:
    """Whether a service had other processes at the end than at the start, or than the last time."""
    if not (within or before):
        return ()
    when = "within the window" if within else "since the window before"
    return (
        Diagnostic(
            "workers-replaced",
            f"processes of the app ended or were started {when}",
            "A worker that ends is a fault of its own: see the log.",
            "invalid" if within else "doubt",
        ),
    )


def others_connected(connections: int) -> tuple[Diagnostic, ...]:
    """Whether somebody else was connected to the service, and may have asked it meanwhile."""
    if not connections:
        return ()
    return (
        Diagnostic(
            "other-clients",
            f"the service had {times(connections, 'connection')} that the load had not opened",
            "What others ask counts as its cost: close what is open on its port (a browser, "
            "another load), see ss -tp.",
        ),
    )


def database_changed(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[Diagnostic, ...]:
    """Whether the table or a setting is another than when the run began: provenance has that."""
    changed = [
        f"{name} is {now.get(name, 'gone')}, and was {before.get(name, 'not there')}"
        for name in dict.fromkeys((*before, *now))
        if before.get(name) != now.get(name)
    ]
    if not before or not changed:
        return ()
    return (
        Diagnostic(
            "database-changed",
            f"since the run began, {'; '.join(changed)}",
            "Somebody has changed it meanwhile: put it back, and measure again.",
            "invalid",
        ),
    )
