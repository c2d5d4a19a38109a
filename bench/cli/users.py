"""Verbs for Locust: users, on this machine or from several."""

import time
from dataclasses import dataclass, replace
from typing import Annotated

from cyclopts import Parameter

from bench.analysis.studies.crosscheck import agreements
from bench.cli.measuring import drawn, require_clean
from bench.cli.options import (
    NOTHING_CHOSEN,
    Choice,
    ProfileName,
    Rounds,
    Seed,
    Strict,
    err,
    out,
    refuse_beside,
    whole,
)
from bench.cli.showing import crosscheck_outcome, show_run
from bench.errors import LabError, UsageError
from bench.experiment import session
from bench.experiment.assembly import open_lab, site
from bench.experiment.crosscheck import DEFAULT_RATE_PER_S, crosscheck_plan
from bench.experiment.elsewhere import require_listening
from bench.experiment.plan import select_profile
from bench.experiment.setup import services_up
from bench.experiment.users import require_resolvable, run_ui, run_worker, users_plan
from bench.live.watching import TerminalWatcher
from bench.load.users.settings import MASTER_PORT, UI_PORT, make_users, parse_run_time
from bench.model import Site, Users

NumberOfUsers = Annotated[
    int | None,
    Parameter(
        env_var="USERS",
        converter=whole,
        help="Users at the same time; 50, in a stress run 200.",
    ),
]
SpawnRate = Annotated[
    float | None,
    Parameter(env_var="SPAWN_RATE", help="Users started per second; 5, in a stress run 10."),
]
RunTime = Annotated[
    str,
    Parameter(env_var="RUN_TIME", help="Of each framework, e.g. 60, 5m; 60 s, in a stress run 5m."),
]
Wait = Annotated[
    str,
    Parameter(env_var="WAIT", help="Seconds between a user's requests, e.g. 2; 1-3 when left out."),
]
Throughput = Annotated[
    float | None,
    Parameter(env_var="THROUGHPUT", help="Requests per second and user, instead of waiting."),
]
ShapeName = Annotated[
    str,
    Parameter(env_var="SHAPE", help="How the number of users moves: step, spike, soak or ramp."),
]
Workers = Annotated[
    int,
    Parameter(
        env_var="WORKERS", converter=whole, help="Processes of Locust; one alone when left out."
    ),
]
MaxFail = Annotated[
    int,
    Parameter(
        env_var="MAX_FAIL", converter=whole, help="Failures that are put up with: 0 when left out."
    ),
]
TargetHost = Annotated[
    str, Parameter(env_var="TARGET_HOST", help="The machine where the services run, if not here.")
]


_WORKS_S = 5.0
"""A worker that ends sooner has not worked at all."""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a run with users is asked for; what was left out is the verb's to decide."""

    choice: Choice = NOTHING_CHOSEN
    users: NumberOfUsers = None
    spawn_rate: SpawnRate = None
    run_time: RunTime = ""
    wait: Wait = ""
    throughput: Throughput = None
    shape: ShapeName = ""
    workers: Workers = 0
    rounds: Rounds = None
    max_fail: MaxFail = 0
    seed: Seed = None
    strict: Strict = False


@dataclass(frozen=True)
class Usual:
    """What a verb takes where nothing was asked."""

    users: int
    spawn_rate_per_s: float
    run_time: str


USUAL_WAIT = "1-3"
VISIT = Usual(users=50, spawn_rate_per_s=5.0, run_time="60")
STRESS = Usual(users=200, spawn_rate_per_s=10.0, run_time="5m")
_NOTHING = Asked()


def locust(*, asked: Asked = _NOTHING, target_host: TargetHost = "") -> None:
    """Let Locust's users use each framework in turn, and leave the run in results/."""
    _use(asked, VISIT, target_host)


def stress(*, asked: Asked = _NOTHING, target_host: TargetHost = "") -> None:
    """The same with many users for long: 200 of them, 10 started per second, for 5 minutes."""
    _use(asked, STRESS, target_host)


def locust_master(*, asked: Asked = _NOTHING, target_host: TargetHost = "") -> None:
    """Like locust, with the users of WORKERS other machines: this one has the master, and the
    services too where TARGET_HOST does not name another.
    """
    pacing = _pacing(replace(asked, workers=max(1, asked.workers)), VISIT, remote=True)
    here = site()
    port = MASTER_PORT + here.port_offset
    out.print(
        f"The master waits at {here.host}:{port} for {pacing.workers} workers. On each machine:  "
        f"make locust-worker MASTER={here.host}"
        + (f" PORT_OFFSET={here.port_offset}" if here.port_offset else ""),
        soft_wrap=True,
        markup=False,
    )
    _carry_out(asked, pacing, _run_time_s(asked, VISIT), target_host)


def locust_worker(*, master: Annotated[str, Parameter(env_var="MASTER")] = "") -> None:
    """Send what a master on another machine asks for, one framework after the other.

    Parameters
    ----------
    master:
        The machine where make locust-master runs.
    """
    if not master:
        raise UsageError("whose worker?", "Say MASTER=address; make locust-master names it.")
    require_resolvable(master)
    port = MASTER_PORT + site().port_offset
    out.print(f"Working for {master}:{port} until Ctrl-C.", markup=False)
    while True:
        # Each framework has a master of its own; when one lets us go, the next one comes. Who was
        # killed comes back too: the others would wait.
        started_s = time.monotonic()
        code = run_worker(master, port)
        if code and time.monotonic() - started_s < _WORKS_S:
            raise LabError(f"Locust ended at once, with exit code {code}", "It has said why above.")
        out.print(f"Let go (exit code {code}); waiting for the next.", markup=False)


def locust_ui(*, choice: Choice = NOTHING_CHOSEN, target_host: TargetHost = "") -> None:
    """Open Locust's own page on this machine until Ctrl-C, with all services up, or for those of
    TARGET_HOST.
    """
    if target_host:
        for target in choice.targets:
            require_listening(f"http://{target_host}:{target.http_port}")
        _show_ui(site())
        return
    lab = open_lab(choice.names)
    with services_up(lab, TerminalWatcher(out, err)):
        _show_ui(lab.site)


def _show_ui(here: Site) -> None:
    out.print(
        f"Locust: http://127.0.0.1:{UI_PORT + here.port_offset}  (Ctrl-C ends it)", style="bold"
    )
    code = run_ui(here, {})
    if code:
        raise LabError(f"Locust ended with exit code {code}", "It has said why above.")


def crosscheck(
    *,
    choice: Choice = NOTHING_CHOSEN,
    rate: Annotated[float, Parameter(env_var="RATE")] = DEFAULT_RATE_PER_S,
    profile: ProfileName = "quick",
    rounds: Rounds = None,
    seed: Seed = None,
    strict: Strict = False,
) -> None:
    """Let the lab's generator and Locust send the same, and say whether they agree.

    Parameters
    ----------
    rate:
        Requests per second from each.
    """
    plan = crosscheck_plan(
        select_profile(profile),
        choice.targets,
        rate_per_s=rate,
        rounds=rounds,
        seed=drawn(seed),
    )
    watcher = TerminalWatcher(out, err)
    record = watcher.watch(lambda: session.measure(plan, watcher, strict=strict))
    show_run(record)
    require_clean(record)
    found = agreements(record)
    if any(figure.outcome == "disagree" for figure in found):
        raise LabError(crosscheck_outcome(found), "docs/method.md says what can set them apart.")


def _use(asked: Asked, usual: Usual, target_host: str) -> None:
    _carry_out(asked, _pacing(asked, usual), _run_time_s(asked, usual), target_host)


def _carry_out(asked: Asked, pacing: Users, run_time_s: float, target_host: str) -> None:
    """A run: users of services here, or at `target_host`; stored and shown."""
    if target_host:
        refuse_beside("TARGET_HOST", "that machine is not looked at", {"STRICT": asked.strict})
    plan = users_plan(
        asked.choice.targets,
        pacing,
        run_time_s=run_time_s,
        rounds=1 if asked.rounds is None else asked.rounds,
        seed=drawn(asked.seed),
        target_host=target_host,
    )
    watcher = TerminalWatcher(out, err)
    record = watcher.watch(lambda: session.measure(plan, watcher, strict=asked.strict))
    show_run(record)
    require_clean(record, asked.max_fail)


def _pacing(asked: Asked, usual: Usual, *, remote: bool = False) -> Users:
    if asked.throughput is not None:
        refuse_beside("THROUGHPUT", "with a beat nobody pauses", {"WAIT": asked.wait})
    return make_users(
        users=usual.users if asked.users is None else asked.users,
        spawn_rate_per_s=usual.spawn_rate_per_s if asked.spawn_rate is None else asked.spawn_rate,
        wait=asked.wait or USUAL_WAIT,
        throughput_per_s=asked.throughput,
        shape=asked.shape,
        workers=asked.workers,
        remote=remote,
    )


def _run_time_s(asked: Asked, usual: Usual) -> float:
    return parse_run_time(asked.run_time or usual.run_time)
