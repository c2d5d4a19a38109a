"""The verb that explains a cost."""

from typing import Annotated

from cyclopts import Parameter

from bench.cli.measuring import drawn, require_clean
from bench.cli.options import (
    NOTHING_CHOSEN,
    Choice,
    ProfileName,
    Rounds,
    Seed,
    Strict,
    WorkloadName,
    err,
    names_in,
    out,
)
from bench.cli.showing import show_run
from bench.experiment import session
from bench.experiment.assembly import targets
from bench.experiment.explain import explain_plan
from bench.experiment.plan import DEFAULT_PROFILE, select_profile
from bench.live.watching import TerminalWatcher
from bench.workloads import select_workloads


def explain(
    *,
    choice: Choice = NOTHING_CHOSEN,
    workload: WorkloadName = "",
    profile: ProfileName = "",
    rounds: Rounds = None,
    rate: Annotated[float | None, Parameter(env_var="RATE")] = None,
    core_hour: Annotated[float | None, Parameter(env_var="CORE_HOUR")] = None,
    seed: Seed = None,
    strict: Strict = False,
) -> None:
    """Show which layers of a standard service a request's time goes to; `read` when none is said.

    Parameters
    ----------
    rate:
        Requests per second that the service is to answer: how many cores that takes.
    core_hour:
        What a core costs for an hour: the price of a million requests.
    """
    plan = explain_plan(
        select_profile(profile or DEFAULT_PROFILE),
        targets(),
        choice.targets,
        select_workloads(names_in(workload)),
        seed=drawn(seed),
        rounds=rounds,
        rate_per_s=rate,
        core_hour=core_hour,
    )
    watcher = TerminalWatcher(out, err)
    record = watcher.watch(lambda: session.measure(plan, watcher, strict=strict))
    show_run(record)
    require_clean(record)
