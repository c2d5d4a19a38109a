"""What was seen inside the services: a profile, their statements, and the kernel's part."""

from collections.abc import Iterator, Sequence

from bench.analysis import stacks
from bench.analysis.explain import explained
from bench.analysis.inside import FEWEST_SAMPLES, TOLERANCE, agreements, finding_of
from bench.analysis.stored import StoredRun
from bench.model import CpuProfile, Finding, Kernel
from bench.report.document import Block, Link, Links, Notes, Row, Section, Sheet, Table, TargetCell
from bench.words import NO_FIGURE

_LEAD = (
    "Seen after the last measured window, under the same load; no figure of the ladder has any of "
    "it."
)


def inside(run: StoredRun) -> Section | None:
    """The section on what services do inside; None where nobody has looked."""
    found = run.findings
    if not found:
        return None
    profiled = [(finding, finding.profile) for finding in found if finding.profile is not None]
    blocks: list[Block] = []
    if profiled:
        blocks += [Sheet(profile_table(profiled)), Sheet(agreement_table(run))]
        blocks += [Sheet(hottest_table(profiled), folded=True), Links(tuple(_links(profiled)))]
    if any(finding.statements for finding in found):
        blocks.append(Sheet(statements_table(found)))
    if any(finding.trace for finding in found):
        blocks.append(Sheet(trace_table(found), folded=True))
    if any(finding.sessions for finding in found):
        blocks.append(Sheet(sessions_table(found)))
    if any(finding.kernel for finding in found):
        blocks.append(Sheet(kernel_table(found)))
    if notes := tuple(_notes(found)):
        blocks.append(Notes(notes))
    return Section("inside", "Inside", tuple(blocks), _LEAD)


def page_of(framework: str, operation: str) -> str:
    """Where the flame graph is, in the run's folder."""
    return f"profiles/{framework}-{operation}.html"


def _links(profiled: Sequence[tuple[Finding, CpuProfile]]) -> Iterator[Link]:
    for finding, profile in profiled:
        name = f"{finding.framework} {finding.operation}"
        yield Link(f"{name}: flame graph", page_of(finding.framework, finding.operation))
        yield Link("the same for speedscope", profile.speedscope)


def _notes(found: Sequence[Finding]) -> Iterator[str]:
    for finding in found:
        name = f"{finding.framework}/{finding.operation}"
        if finding.failure:
            yield f"{name}: nobody could look inside: {finding.failure}"
        if finding.no_profile:
            yield f"{name}: there is no profile. {finding.no_profile}"
        if finding.profile and finding.profile.behind_s > 1:
            yield (
                f"{name}: the profiler was {finding.profile.behind_s:.1f} s late in the end: "
                "its core is busy with other work, and samples are missing."
            )


# --- the profile ------------------------------------------------------------------------------


def profile_table(profiled: Sequence[tuple[Finding, CpuProfile]]) -> Table:
    """Whose code runs, and what profiling cost."""
    return Table(
        title="Profile",
        columns=("operation", "framework", *stacks.LAYERS.values(), "without the lock", "rate"),
        rows=tuple(
            (
                finding.operation,
                TargetCell(finding.framework),
                *(_percent(profile.layers.get(layer, 0), profile) for layer in stacks.LAYERS),
                f"{profile.outside:.0%}",
                f"{profile.profiled_per_s / profile.plain_per_s:.0%}",
            )
            for finding, profile in profiled
        ),
        numeric=(False, False, *([True] * (len(stacks.LAYERS) + 2))),
        caption=(
            "Share of samples that ended in each layer's code, of the thread that held Python's "
            f"lock, {profiled[0][1].rate_hz} times a second. Without the lock: of the app's CPU "
            "time; system calls, and C code that lets others run. Rate: with the profiler, of that "
            "without."
        ),
    )


def _percent(samples: int, profile: CpuProfile) -> str:
    return f"{samples / profile.samples:.0%}" if samples else NO_FIGURE


def agreement_table(run: StoredRun) -> Table:
    """Each layer's share by the ladder and by the profile, and whether the two agree."""
    rows: list[Row] = []
    for explanation in explained(run.record):
        found = finding_of(run.findings, explanation)
        if found is None or found.profile is None:
            continue
        rows += [
            (
                explanation.ladder.operation,
                TargetCell(explanation.ladder.framework),
                agreement.part,
                f"{agreement.ladder:.0%}",
                f"{agreement.low:.0%} to {agreement.high:.0%}",
                agreement.judgement,
            )
            for agreement in agreements(explanation, found.profile)
        ]
    return Table(
        title="Ladder and profile",
        columns=("operation", "framework", "part", "ladder", "profile", ""),
        rows=tuple(rows),
        numeric=(False, False, False, True, True, False),
        caption=(
            f"Profile: its share of CPU, ± {TOLERANCE:.0%} and the error of its samples; what runs "
            "without the lock may be the server's or the driver's, JSON anybody's. Fewer than "
            f"{FEWEST_SAMPLES} samples say nothing."
        ),
    )


def hottest_table(profiled: Sequence[tuple[Finding, CpuProfile]]) -> Table:
    """The functions in which most samples ended."""
    return Table(
        title="Dearest functions",
        columns=("operation", "framework", "share", "function", "where", "layer"),
        rows=tuple(
            (
                finding.operation,
                TargetCell(finding.framework),
                _percent(hot.samples, profile),
                hot.function,
                hot.place,
                stacks.LAYERS[hot.layer],
            )
            for finding, profile in profiled
            for hot in profile.hottest
        ),
        numeric=(False, False, True, False, False, False),
        caption="By themselves, without what they call. C code counts for the function it is in.",
    )


# --- the database and the kernel --------------------------------------------------------------


def statements_table(found: Sequence[Finding]) -> Table:
    """What the database does for a request."""
    return Table(
        title="Statements",
        columns=(
            *("operation", "framework", "a request", "rows", "planning us", "execution us"),
            "statement",
        ),
        rows=tuple(
            (
                finding.operation,
                TargetCell(finding.framework),
                f"{statement.calls_per_request:.2f}",
                f"{statement.rows_per_request:.2f}",
                f"{statement.planning_us:.0f}",
                f"{statement.execution_us:.0f}",
                _short(statement.query),
            )
            for finding in found
            for statement in finding.statements
        ),
        numeric=(False, False, True, True, True, True, False),
        caption="From pg_stat_statements, a call each; the service's own user alone.",
    )


def trace_table(found: Sequence[Finding]) -> Table:
    """One request, a round trip after the other, each with its plan."""
    return Table(
        title="One request",
        columns=("operation", "framework", "round trip", "statement and plan"),
        rows=tuple(
            row
            for finding in found
            for number, traced in enumerate(finding.trace, start=1)
            for row in (
                (
                    finding.operation,
                    TargetCell(finding.framework),
                    str(number),
                    _short(traced.statement),
                ),
                *(
                    (finding.operation, TargetCell(finding.framework), "", line)
                    for line in traced.plan
                ),
            )
        ),
        numeric=(False, False, True, False),
        caption="Plans by EXPLAIN (ANALYZE, BUFFERS), with the request's own parameters.",
    )


def kernel_table(found: Sequence[Finding]) -> Table:
    """Whose time it is, and how often threads change."""
    return Table(
        title="Kernel",
        columns=(
            *("operation", "framework", "round trips", "system CPU"),
            *("voluntary switches", "involuntary switches", "instructions", "cycles", "IPC"),
        ),
        rows=tuple(
            (
                finding.operation,
                TargetCell(finding.framework),
                str(len(finding.trace)) if finding.trace else NO_FIGURE,
                f"{finding.kernel.system_share:.0%}",
                f"{finding.kernel.voluntary_switches:.1f}",
                f"{finding.kernel.involuntary_switches:.1f}",
                *_events(finding.kernel),
            )
            for finding in found
            if finding.kernel is not None
        ),
        numeric=(False, False, *([True] * 7)),
        caption=(
            "Round trips to the database, switches of the app's threads, instructions and cycles: "
            "of a request. System CPU: the kernel's part of the app's CPU time, by clock ticks. "
            f"IPC: instructions per cycle.{_events_words(found)}"
        ),
    )


def _events(kernel: Kernel) -> tuple[str, str, str]:
    if kernel.instructions is None or not kernel.cycles:
        return (NO_FIGURE,) * 3
    ratio = kernel.instructions / kernel.cycles
    return f"{kernel.instructions:,.0f}", f"{kernel.cycles:,.0f}", f"{ratio:.2f}"


def _events_words(found: Sequence[Finding]) -> str:
    """Why something is not counted, each reason once."""
    kernels = [finding.kernel for finding in found if finding.kernel is not None]
    told = [f"Not counted: {kernel.not_counted}." for kernel in kernels if kernel.not_counted]
    if any(kernel.user_only for kernel in kernels):
        told.append("Without the kernel's own: counting these takes root or CAP_PERFMON.")
    return "".join(f" {sentence}" for sentence in dict.fromkeys(told))


def sessions_table(found: Sequence[Finding]) -> Table:
    """What the database's sessions do, on average."""
    return Table(
        title="Sessions of the database",
        columns=("operation", "framework", "app CPU", "sessions", "that are"),
        rows=tuple(
            (
                finding.operation,
                TargetCell(finding.framework),
                f"{finding.sessions.app_share:.0%}",
                f"{mean:.1f}",
                state,
            )
            for finding in found
            if finding.sessions is not None
            for state, mean in finding.sessions.states.items()
        ),
        numeric=(False, False, True, True, False),
        caption=(
            "Mean number of the service's sessions by what they do (pg_stat_activity): running, "
            "waiting for something in the server (its kind and name), or idle, in a transaction or "
            "not, until the app asks. App CPU: of one core. Where that is near 100 %, the app is "
            "the limit, and sessions are idle because nobody asks them."
        ),
    )


def _short(statement: str) -> str:
    """A statement in one line."""
    return " ".join(statement.split())
