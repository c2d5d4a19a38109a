"""Verbs that measure."""

import random
from collections.abc import Mapping, Sequence
from typing import Annotated

from cyclopts import Parameter

from bench.analysis.diagnostics import refused_by_machine
from bench.analysis.studies.saturation import outcomes, unmeasured
from bench.analysis.validity import invalid_codes
from bench.cli.options import (
    NOTHING_CHOSEN,
    ArrivalsName,
    Choice,
    ProfileName,
    Rounds,
    Seed,
    Strict,
    WorkloadName,
    err,
    names_in,
    out,
    refuse_beside,
    whole,
)
from bench.cli.showing import show_run
from bench.errors import LabError, UsageError
from bench.experiment import session
from bench.experiment.plan import (
    DEFAULT_PROFILE,
    make_plan,
    pacing_from,
    select_profile,
)
from bench.experiment.saturate import make_saturation, saturation_plan
from bench.experiment.selftest.run import SERVICE, run_selftest
from bench.experiment.sweep import sweep_plan
from bench.live.watching import TerminalWatcher
from bench.model import LoadResult, RunRecord
from bench.report.lab import selftest_table
from bench.report.render.terminal import print_table
from bench.workloads import Workload, select_workloads


def one_workload(names: str) -> Workload:
    """The only workload that is named. Raises UsageError for none or several."""
    chosen = select_workloads(names_in(names))
    if len(chosen) != 1:
        raise UsageError("this takes one workload at a time", "E.g. WORKLOAD=read.")
    return chosen[0]


def drawn(seed: int | None) -> int:
    """The seed as given, else one below a million that is drawn now and stored with the run."""
    return random.randrange(1_000_000) if seed is None else seed


def measure(
    *,
    choice: Choice = NOTHING_CHOSEN,
    workload: WorkloadName = "",
    profile: ProfileName = "",
    rounds: Rounds = None,
    concurrency: Annotated[int | None, Parameter(env_var="CONCURRENCY", converter=whole)] = None,
    rate: Annotated[float | None, Parameter(env_var="RATE")] = None,
    arrivals: ArrivalsName = "",
    requests: Annotated[int | None, Parameter(env_var="REQUESTS", converter=whole)] = None,
    seed: Seed = None,
    resume: Annotated[str, Parameter(env_var="RESUME")] = "",
    strict: Strict = False,
) -> None:
    """Measure the frameworks and leave the run in results/.

    Parameters
    ----------
    concurrency:
        Connections of the closed loop; 20 when left out.
    rate:
        Requests per second of an open loop, instead of the closed loop.
    requests:
        Requests per phase of the crud workload; 500 when left out.
    resume:
        Id of an interrupted run to finish; it has a plan of its own.
    """
    watcher = TerminalWatcher(out, err)
    if resume:
        refuse_beside(
            "RESUME",
            "a run goes on as it was planned",
            {
                "FRAMEWORK": choice.framework,
                "MODE": choice.mode,
                "WORKLOAD": workload,
                "PROFILE": profile,
                "ROUNDS": rounds,
                "CONCURRENCY": concurrency,
                "RATE": rate,
                "ARRIVALS": arrivals,
                "REQUESTS": requests,
                "SEED": seed,
            },
        )
        record = watcher.watch(lambda: session.resume(resume, watcher, strict=strict))
    else:
        plan = make_plan(
            select_profile(profile or DEFAULT_PROFILE),
            choice.targets,
            select_workloads(names_in(workload)),
            seed=drawn(seed),
            rounds=rounds,
            requests=requests,
            pacing=pacing_from(rate, concurrency, arrivals),
        )
        record = watcher.watch(lambda: session.measure(plan, watcher, strict=strict))
    show_run(record)
    require_clean(record)


def sweep(
    *,
    choice: Choice = NOTHING_CHOSEN,
    workload: WorkloadName = "read",
    profile: ProfileName = "quick",
    rounds: Rounds = None,
    seed: Seed = None,
    strict: Strict = False,
) -> None:
    """Measure one workload at 1, 2, 4 ... 128 connections and fit a scalability law.

    It has half of the profile's rounds, as each has eight levels; none are added to them.
    """
    plan = sweep_plan(
        select_profile(profile),
        choice.targets,
        one_workload(workload),
        seed=drawn(seed),
        rounds=rounds,
    )
    watcher = TerminalWatcher(out, err)
    record = watcher.watch(lambda: session.measure(plan, watcher, strict=strict))
    show_run(record)
    require_clean(record)


def saturate(
    *,
    choice: Choice = NOTHING_CHOSEN,
    workload: WorkloadName = "read",
    objective_ms: Annotated[float, Parameter(env_var="OBJECTIVE_MS")] = 100.0,
    arrivals: ArrivalsName = "constant",
    profile: ProfileName = "quick",
    seed: Seed = None,
    strict: Strict = False,
) -> None:
    """Search for the highest rate whose p99 latency stays below an objective.

    Parameters
    ----------
    objective_ms:
        The p99 latency that must hold, in milliseconds.
    """
    study = make_saturation(objective_ms, arrivals)
    plan = saturation_plan(
        select_profile(profile),
        choice.targets,
        one_workload(workload),
        study,
        seed=drawn(seed),
    )
    watcher = TerminalWatcher(out, err)
    record = watcher.watch(lambda: session.measure(plan, watcher, strict=strict))
    show_run(record)
    # Trials beyond the limit fail by design: that is how the limit is found.
    if without := unmeasured(outcomes(record, study)):
        raise LabError(
            f"there is no answer for {', '.join(without)}: unfit, or given up",
            "The remarks say why; see also make logs.",
        )


def selftest(*, choice: Choice = NOTHING_CHOSEN) -> None:
    """Let the lab measure what is known: a service against itself, a planted slowdown, servers
    with known service times, a known amount of CPU. The service is Flask's when none is chosen.
    """
    names = choice.names if choice.framework or choice.mode else (SERVICE,)
    if len(names) != 1:
        raise UsageError("the self-test takes one framework", "E.g. FRAMEWORK=drf.")
    checks = run_selftest(names[0], say=lambda line: out.print(line, markup=False))
    print_table(out, selftest_table(checks))
    failed = [check.name for check in checks if not check.passed]
    if failed:
        raise LabError(
            f"the self-test failed: {'; '.join(failed)}",
            "On a busy machine try again at a quieter time; see make doctor.",
        )


def require_clean(record: RunRecord, max_fail: int = 0) -> None:
    """Raises LabError when more than `max_fail` requests failed, when a target was unfit, when
    nothing was answered in some window, or when no window of a target may be used.
    """
    loads: dict[str, list[LoadResult]] = {}
    for cell in record.cells:
        loads.setdefault(cell.target, []).extend(window.load for window in cell.phases)
    unfit = sorted({cell.target for cell in record.cells if cell.unfit})
    problems = [f"not measured in every cell: {', '.join(unfit)}"] if unfit else []
    if void := _without_a_figure(record):
        problems.append(f"no window that may be used: {', '.join(void)}")
    require_answered(loads, max_fail, problems)


def _without_a_figure(record: RunRecord) -> list[str]:
    """Targets all of whose windows are invalid, for another reason than failed requests."""
    found: dict[str, list[bool]] = {}
    for cell in record.cells:
        codes = [invalid_codes((window,)) for window in cell.phases]
        found.setdefault(cell.target, []).extend(
            bool({*window_codes} - {"errors"}) for window_codes in codes
        )
    return [name for name, flags in found.items() if flags and all(flags)]


def require_answered(
    loads: Mapping[str, Sequence[LoadResult]], max_fail: int, problems: Sequence[str] = ()
) -> None:
    """Raises LabError on `problems`, more than `max_fail` failures, and windows of a target that
    nothing was answered in.
    """
    every = [load for results in loads.values() for load in results]
    failed = sum(load.failed for load in every)
    refused = sum(sum(refused_by_machine(load).values()) for load in every)
    empty = [name for name, results in loads.items() if not all(load.succeeded for load in results)]
    if failed > max_fail:
        counts = {"failed": failed - refused, "could not be sent from this machine": refused}
        told = [f"{count:,} requests {what}" for what, count in counts.items() if count]
        problems = (*told, *problems)
    elif failed:
        out.print(
            f"{failed:,} failed requests were put up with (MAX_FAIL={max_fail}). Their windows "
            "stay invalid: no verdict and no comparison uses them.",
            markup=False,
            soft_wrap=True,
        )
    if empty:
        problems = (*problems, f"without a single answer in some window: {', '.join(empty)}")
    if problems:
        raise LabError(f"this run has failures: {'; '.join(problems)}", "The table says where.")
