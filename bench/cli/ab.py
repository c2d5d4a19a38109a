"""The verb that compares two states of a service."""

import sys
from functools import partial
from typing import Annotated

from cyclopts import Parameter

from bench.analysis.studies.ab import answer, study_of
from bench.cli.measuring import drawn
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
    whole,
)
from bench.cli.showing import ab_outcome, show_run
from bench.experiment.ab.rounds import CONNECTIONS, DEFAULT_THRESHOLD, ab_plan
from bench.experiment.ab.run import run_ab
from bench.experiment.ab.side_specs import side_specs
from bench.experiment.plan import DEFAULT_PROFILE, pacing_from, select_profile
from bench.live.watching import TerminalWatcher
from bench.model import RunRecord
from bench.workloads import select_workloads

EXIT_CODES = {"clear": 0, "regression": 1, "undecided": 3}


def ab(
    *,
    choice: Choice = NOTHING_CHOSEN,
    base: Annotated[str, Parameter(env_var="BASE")] = "",
    packages: Annotated[str, Parameter(name="with", env_var="WITH")] = "",
    settings: Annotated[str, Parameter(name="env", env_var="ENV")] = "",
    serve: Annotated[str, Parameter(env_var="SERVE")] = "",
    workload: WorkloadName = "",
    profile: ProfileName = "",
    rounds: Rounds = None,
    concurrency: Annotated[int | None, Parameter(env_var="CONCURRENCY", converter=whole)] = None,
    rate: Annotated[float | None, Parameter(env_var="RATE")] = None,
    arrivals: ArrivalsName = "",
    requests: Annotated[int | None, Parameter(env_var="REQUESTS", converter=whole)] = None,
    threshold: Annotated[float, Parameter(env_var="THRESHOLD")] = DEFAULT_THRESHOLD,
    fail_on: Annotated[str, Parameter(env_var="FAIL_ON")] = "",
    seed: Seed = None,
    strict: Strict = False,
) -> None:
    """Compare two states of a service in one run. Exit code 0: no regression, 1: a regression, 3:
    undecided.

    Parameters
    ----------
    base:
        The commit that the working tree is compared with: a branch, a tag, an id.
    packages:
        Packages in the place of locked ones, with commas; a series of states with | between them.
    settings:
        Settings of the service, NAME=value with commas; a series with |.
    serve:
        Another server command, with {python}, {host} and {port}; a series with |.
    concurrency:
        Connections of the closed loop; 8 when left out.
    rate:
        Requests per second of an open loop, instead of the closed loop.
    requests:
        Requests per phase of the crud workload; 500 when left out.
    threshold:
        Differences up to this share do not count: 0.02 is 2 %.
    fail_on:
        What ends with an exit code: undecided (and a regression; the default), or regression alone.
    """
    states = side_specs(base, packages, settings, serve)
    given = {"BASE": base, "WITH": packages, "ENV": settings, "SERVE": serve}
    plan_of = partial(
        ab_plan,
        select_profile(profile or DEFAULT_PROFILE),
        select_workloads(names_in(workload)),
        seed=drawn(seed),
        rounds=rounds,
        pacing=pacing_from(rate, concurrency, arrivals, usual=CONNECTIONS),
        requests=requests,
        threshold=threshold,
        fail_on=fail_on,
        asked={name: text for name, text in given.items() if text},
    )
    chosen = choice.targets
    plan_of(chosen, ())  # what is wrong is told before anything is made
    watcher = TerminalWatcher(out, err)
    record = watcher.watch(lambda: run_ab(states, chosen, plan_of, watcher, _say, strict=strict))
    show_run(record)
    _say(ab_outcome(record))  # once more, for whoever sees the end of it
    if code := exit_code(record):
        sys.exit(code)


def _say(line: str) -> None:
    out.print(line, markup=False)


def exit_code(record: RunRecord) -> int:
    """0 no regression, 1 a regression, 3 undecided, unless FAIL_ON=regression."""
    outcome = answer(record).outcome
    if outcome == "undecided" and study_of(record).fail_on == "regression":
        return 0
    return EXIT_CODES[outcome]
