"""A look inside each standard service that a run explains, after its last measured window.

Under the same load as before: once as it is, for what the kernel and the database do, and once
with a profiler, which costs what it costs. Then one request whose statements are written down.
Nothing of it is in a figure of the ladder.
"""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path

from bench.analysis import stacks
from bench.database.admin import Admin, StatementTotals
from bench.database.logged import is_planned, statements_in
from bench.dataset import payloads
from bench.errors import DatabaseFailed, LabError
from bench.experiment.engines import Engines
from bench.experiment.lab import Lab, app_unit_name
from bench.experiment.plan import rows_to_load
from bench.experiment.verify import require_answers
from bench.files import write_whole
from bench.kernel.events import Events, EventsRefusedError, counting
from bench.kernel.process import user_and_system_ticks
from bench.load.engine import Engine
from bench.model import (
    CpuProfile,
    Explain,
    Finding,
    Kernel,
    Ladder,
    LoadResult,
    LoadSpec,
    Operation,
    Plan,
    RunRecord,
    Sessions,
    StatementTime,
    Target,
    Traced,
    Usage,
)
from bench.profiling import RATE_HZ, record
from bench.supervise.proctree import descendants, tree_cpu_s
from bench.targets import explanation_of
from bench.workloads import WORKLOADS

FOLDER = "profiles"
"""In a run's folder: the stacks, as text and for speedscope."""

PLAIN_S = 3.0
PROFILED_S = 6.0
_MARGIN_S = 1.5
"""For how much longer the load goes on: a profiler takes a while to begin."""

_LOOK_EVERY_S = 0.1
"""A look at the sessions takes the server a millisecond."""

_SETTLE_S = 0.3
"""A server takes on a changed setting between two statements of a session."""


@dataclass(frozen=True)
class _Inspection:
    lab: Lab
    plan: Plan
    engine: Engine
    folder: Path
    ceiling_per_s: Mapping[Operation, float]


def look_inside(lab: Lab, record: RunRecord, engines: Engines, folder: Path) -> Iterator[Finding]:
    """What there is to see, a service and operation at a time. Files go into the run's folder.

    What fails is told by its finding: a run whose windows are measured is not lost for that.
    """
    plan = record.plan
    assert isinstance(plan.study, Explain)
    engine = engines.engine_for(plan.pacing)
    inspection = _Inspection(lab, plan, engine, folder, record.ceiling_per_s)
    for ladder in plan.study.ladders:
        target = next(candidate for candidate in lab.targets if candidate.name == ladder.framework)
        try:
            yield _looked_at(inspection, ladder, target)
        except LabError as error:
            yield Finding(ladder.framework, ladder.operation, failure=str(error))


def _looked_at(inspection: _Inspection, ladder: Ladder, target: Target) -> Finding:
    inspection.lab.isolate(target)
    with inspection.lab.admin(target) as admin:
        loads = _loads(inspection, ladder, target, admin)
        inspection.engine.warm_up(replace(loads[0], duration_s=None), 0.3, 1.0)
        finding = Finding(ladder.framework, ladder.operation)
        with _planning_timed(admin):
            finding, plain = _as_it_is(inspection, target, admin, loads[1], finding)
        finding = _profiled(inspection, ladder, target, loads[2], finding, plain)
        return replace(finding, trace=_traced(inspection, ladder, target, admin))


def _loads(
    inspection: _Inspection, ladder: Ladder, target: Target, admin: Admin
) -> tuple[LoadSpec, ...]:
    """The load of the warm-up and the two windows, each with rows of its own where it deletes."""
    workload = WORKLOADS[ladder.operation]
    lengths_s = (1.0, PLAIN_S, PROFILED_S + _MARGIN_S)
    plan = replace(inspection.plan, turns=None, window_s=sum(lengths_s))
    _, rows = rows_to_load(plan, workload, inspection.ceiling_per_s.get("read"))
    admin.load_rows(rows)
    third = rows // 3 if workload.deletes else 0
    ranges = ((1, third or rows), (third + 1, 2 * third or rows), (2 * third + 1, rows))
    return tuple(
        LoadSpec(
            inspection.lab.base_url(target),
            workload.phases(first, last)[0].shares,
            plan.pacing,
            seed=plan.seed * 1_000 + number,
            duration_s=length_s,
            target=target.name,
        )
        for number, (length_s, (first, last)) in enumerate(zip(lengths_s, ranges, strict=True))
    )


def _load(inspection: _Inspection, spec: LoadSpec) -> LoadResult:
    """Send a load. Raises LabError when a request fails: then it is not what it should be."""
    inspection.engine.prepare(spec)
    inspection.engine.go()
    result = inspection.engine.collect()
    require_answers(result, spec.target)
    return result


# --- as it is ---------------------------------------------------------------------------------


@contextmanager
def _planning_timed(admin: Admin) -> Iterator[None]:
    admin.time_planning(on=True)
    try:
        time.sleep(_SETTLE_S)
        yield
    finally:
        admin.time_planning(on=False)


def _as_it_is(
    inspection: _Inspection, target: Target, admin: Admin, spec: LoadSpec, finding: Finding
) -> tuple[Finding, LoadResult]:
    """What the kernel and the database do for a request."""
    unit = app_unit_name(target)
    pid = _pid(inspection.lab, unit)
    before, ticks, statements = inspection.lab.usage(target, unit), _ticks(pid), admin.times()
    with _events(pid) as events, _watched(inspection, target) as states:
        result = _load(inspection, spec)
        counted = events()
    after, ticks_after, statements_after = (
        inspection.lab.usage(target, unit),
        _ticks(pid),
        admin.times(),
    )
    kernel = _kernel(before, after, ticks, ticks_after, result.requests)
    finding = replace(
        finding,
        kernel=_with_events(kernel, counted, result.requests),
        statements=_statement_times(statements, statements_after, result.requests),
        sessions=_sessions(states, (after.cpu_s - before.cpu_s) / result.duration_s),
    )
    return finding, result


@contextmanager
def _events(pid: int) -> Iterator[Callable[[], Events | str]]:
    """What gives the events of a process tree so far; why there are none where that is so."""
    with ExitStack() as opened:
        try:
            counts: Callable[[], Events | str] = opened.enter_context(counting(descendants(pid)))
        except EventsRefusedError as error:
            why = str(error)
            counts = lambda: why  # noqa: E731  # as `counts` above
        yield counts


def _with_events(kernel: Kernel, counted: Events | str, requests: int) -> Kernel:
    if isinstance(counted, str):
        return replace(kernel, not_counted=counted)
    return replace(
        kernel,
        instructions=counted.counts["instructions"] / requests,
        cycles=counted.counts["cycles"] / requests,
        user_only=counted.user_only,
    )


@contextmanager
def _watched(inspection: _Inspection, target: Target) -> Iterator[list[Mapping[str, int]]]:
    """The states of the service's sessions, looked at again and again meanwhile."""
    seen: list[Mapping[str, int]] = []
    over = threading.Event()

    def watch() -> None:
        # What cannot be asked is not known; the load goes on.
        with suppress(DatabaseFailed), inspection.lab.admin(target) as admin:
            while not over.wait(_LOOK_EVERY_S):
                seen.append(admin.session_states())

    watcher = threading.Thread(target=watch, name="sessions", daemon=True)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def _sessions(seen: Sequence[Mapping[str, int]], app_share: float) -> Sessions | None:
    """The mean number of sessions by state, the most frequent first."""
    if not seen:
        return None
    total: Counter[str] = Counter()
    for states in seen:
        total.update(states)
    means = {state: count / len(seen) for state, count in total.most_common()}
    return Sessions(len(seen), means, app_share)


def _pid(lab: Lab, unit: str) -> int:
    pid = lab.supervisor.status(unit).pid
    if pid is None:
        raise LabError(f"{unit} has ended", "See its log.")
    return pid


def _ticks(pid: int) -> tuple[int, int]:
    """User and system time of a process tree so far, in clock ticks."""
    each = [user_and_system_ticks(process) for process in descendants(pid)]
    return sum(user for user, _ in each), sum(system for _, system in each)


def _kernel(
    before: Usage, after: Usage, ticks: tuple[int, int], ticks_after: tuple[int, int], requests: int
) -> Kernel:
    user, system = (later - earlier for earlier, later in zip(ticks, ticks_after, strict=True))
    voluntary, involuntary = after.switches_since(before)
    return Kernel(
        system_share=system / (user + system) if user + system else 0.0,
        voluntary_switches=voluntary / requests,
        involuntary_switches=involuntary / requests,
    )


def _statement_times(
    before: Mapping[int, StatementTotals], after: Mapping[int, StatementTotals], requests: int
) -> tuple[StatementTime, ...]:
    found = []
    for key, now in after.items():
        earlier = before.get(key, StatementTotals(now.query, 0, 0, 0.0, 0.0))
        calls = now.calls - earlier.calls
        if calls:
            found.append(
                StatementTime(
                    now.query,
                    calls / requests,
                    (now.rows - earlier.rows) / requests,
                    1e3 * (now.planning_ms - earlier.planning_ms) / calls,
                    1e3 * (now.execution_ms - earlier.execution_ms) / calls,
                )
            )
    return tuple(
        sorted(found, key=lambda statement: -statement.calls_per_request * statement.execution_us)
    )


# --- profiled ---------------------------------------------------------------------------------


def _profiled(
    inspection: _Inspection,
    ladder: Ladder,
    target: Target,
    spec: LoadSpec,
    finding: Finding,
    plain: LoadResult,
) -> Finding:
    """The same load with a profiler on the process that does the work."""
    pid = _busiest(_pid(inspection.lab, app_unit_name(target)))
    seen: list[tuple[LoadResult, float]] = []

    def meanwhile() -> None:
        began_s = tree_cpu_s([pid])
        result = _load(inspection, spec)
        seen.append((result, tree_cpu_s([pid]) - began_s))

    recording = record(pid, PROFILED_S, meanwhile)
    if recording.why_not:
        return replace(finding, no_profile=recording.why_not)
    result, cpu_s = seen[0]
    own = _packages_of(target)
    packages = {**stacks.PACKAGES, **own}
    found = stacks.parse(recording.folded, str(target.directory))
    samples = sum(found.values())
    name = f"{ladder.framework}-{ladder.operation}"
    profile = CpuProfile(
        rate_hz=RATE_HZ,
        duration_s=PROFILED_S,
        samples=samples,
        layers=stacks.by_layer(found, packages),
        hottest=stacks.hottest(found, packages),
        held_s=samples / RATE_HZ,
        # The load goes on for longer than the profile; what it takes is the same all the while.
        cpu_s=cpu_s * PROFILED_S / result.duration_s,
        plain_per_s=plain.rate_per_s,
        profiled_per_s=result.rate_per_s,
        behind_s=recording.behind_s,
        stacks=f"{FOLDER}/{name}.folded",
        speedscope=f"{FOLDER}/{name}.speedscope.json",
        packages=own,
    )
    (inspection.folder / FOLDER).mkdir(exist_ok=True)
    write_whole(inspection.folder / profile.stacks, stacks.folded(found))
    write_whole(inspection.folder / profile.speedscope, json.dumps(stacks.speedscope(found, name)))
    return replace(finding, profile=profile)


def _busiest(root: int) -> int:
    """Of a tree the process that has used most CPU: a server's worker, not its keeper."""
    return max(descendants(root), key=lambda pid: tree_cpu_s([pid]))


def _packages_of(target: Target) -> Mapping[str, str]:
    explanation = explanation_of(target)
    return dict(explanation.packages) if explanation else {}


# --- one request ------------------------------------------------------------------------------


def _traced(
    inspection: _Inspection, ladder: Ladder, target: Target, admin: Admin
) -> tuple[Traced, ...]:
    """The statements of one request in their order, with the plan of each that has one.

    Each is a round trip to the server.
    """
    admin.load_rows(inspection.plan.rows)
    _ask(inspection.lab, target, ladder.operation, 2)  # connections and caches are as in the middle
    server = inspection.lab.cluster(target).unit_name
    admin.log_statements(on=True)
    try:
        time.sleep(_SETTLE_S)
        before = len(inspection.lab.supervisor.log(server))
        _ask(inspection.lab, target, ladder.operation, 3)
        time.sleep(_SETTLE_S)
        log = inspection.lab.supervisor.log(server)[before:]
    finally:
        admin.log_statements(on=False)
    return tuple(_with_plan(statement.sql, admin) for statement in statements_in(log))


def _with_plan(statement: str, admin: Admin) -> Traced:
    if not is_planned(statement):
        return Traced(statement)
    try:
        return Traced(statement, admin.plan_of(statement))
    except DatabaseFailed as error:
        return Traced(statement, (f"no plan: {error.message}",))


def _ask(lab: Lab, target: Target, operation: str, item: int) -> None:
    """One request of the operation."""
    method, path = {
        "create": ("POST", "/items/"),
        "read": ("GET", f"/items/{item}"),
        "update": ("PUT", f"/items/{item}"),
        "delete": ("DELETE", f"/items/{item}"),
        "list": ("GET", "/items/"),
    }[operation]
    body = json.dumps(payloads(1, 1)[0]) if operation in ("create", "update") else None
    connection = HTTPConnection(lab.site.host, target.http_port, timeout=30)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        status = connection.getresponse().status
    except OSError as error:
        raise LabError(
            f"{target.name}: {method} {path} failed: {error!r}", "See its log."
        ) from error
    finally:
        connection.close()
    if status >= 400:
        raise LabError(f"{target.name}: {method} {path} answered {status}", "See its log.")
