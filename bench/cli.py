"""The command line: one function per verb. Everything is parsed here once, then plain values.

Every option can be given as a make variable too (`make bench FRAMEWORK=drf`): make hands its
variables on in the environment.
"""

import os
import random
import shutil
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

from cyclopts import App, Parameter

from bench import host, preflight, tuning
from bench.errors import LabError, UsageError
from bench.experiment import session
from bench.experiment.assembly import (
    ENVIRONMENT,
    exclusively,
    measuring_alone,
    open_lab,
    site,
    targets,
)
from bench.experiment.fitness import examine
from bench.experiment.lab import Lab
from bench.experiment.plan import (
    DEFAULT_CONCURRENCY,
    DEFAULT_REQUESTS,
    make_plan,
    pacing_from,
    select_profile,
)
from bench.experiment.resume import resume as resume_run
from bench.experiment.saturate import make_saturation, saturation_plan
from bench.experiment.saturate import saturate as run_saturation
from bench.experiment.selftest.checks import selftest_table
from bench.experiment.selftest.run import SERVICE, run_selftest
from bench.experiment.sweep import sweep as run_sweep
from bench.experiment.sweep import sweep_plan
from bench.load.ceiling import measure_ceiling
from bench.model import Placement, RunRecord, Target
from bench.placement import plan_placement
from bench.preflight import Check
from bench.report.ceiling import ceiling_table
from bench.report.compare import compare_runs, comparison_page, outcome_words
from bench.report.markdown import render_markdown
from bench.report.page import page_markdown, print_page
from bench.report.pages import page_of
from bench.report.status import UnitLine, status_table
from bench.report.terminal import make_console, print_results, print_run, print_table
from bench.store import find_run, schemas
from bench.targets import select_targets
from bench.tuning import Outcome
from bench.watching import TerminalWatcher, print_notes
from bench.workloads import Workload as WorkloadEntry
from bench.workloads import select_workloads

app = App(
    name="bench",
    help="Onecore: what does one dedicated core buy you with each framework?",
    version_flags=[],
)
out = make_console()
err = make_console(stderr=True)

Framework = Annotated[
    str, Parameter(env_var="FRAMEWORK", help="One framework, or several with commas.")
]
Workload = Annotated[
    str,
    Parameter(
        env_var="WORKLOAD",
        help="One workload, or several with commas; bench takes the five operations by default.",
    ),
]
ProfileName = Annotated[
    str, Parameter(env_var="PROFILE", help="How much patience: quick, standard or publish.")
]
ArrivalsName = Annotated[
    str,
    Parameter(env_var="ARRIVALS", help="How an open loop's requests arrive: constant or poisson."),
]
Seed = Annotated[
    int | None,
    Parameter(env_var="SEED", help="Of the order and of what is sent; drawn when left out."),
]
Strict = Annotated[
    bool, Parameter(env_var="STRICT", help="Refuse to measure on a machine that is unfit.")
]


def _split(names: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in names.split(",") if name.strip())


def _one_framework(framework: str) -> tuple[Lab, Target]:
    if not framework:
        known = ", ".join(target.name for target in targets())
        raise UsageError("which framework?", f"Say FRAMEWORK=name. Known frameworks: {known}.")
    lab = open_lab(_split(framework))
    return lab, lab.targets[0]


def _one_workload(names: str) -> WorkloadEntry:
    chosen = select_workloads(_split(names))
    if len(chosen) != 1:
        raise UsageError("this takes one workload at a time", "E.g. WORKLOAD=read.")
    return chosen[0]


def _drawn(seed: int | None) -> int:
    return random.randrange(1_000_000) if seed is None else seed


# --- the services -----------------------------------------------------------------------------


@app.command
def up(*, framework: Framework = "") -> None:
    """Start the services and their databases, and wait until they answer."""
    lab = open_lab(_split(framework))
    with exclusively(lab.site):
        print_notes(err, lab.notes)
        lab.start(lab.targets, outlive=True)
    _print_status(lab)


@app.command
def down() -> None:
    """Stop everything that the lab has started here."""
    lab = open_lab(())
    with exclusively(lab.site):
        stopped = lab.down()
    out.print(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing was running.")


@app.command
def status() -> None:
    """Show every service and database: state, address, core and memory."""
    _print_status(open_lab(()))


@app.command
def logs(*, framework: Framework = "", lines: int = 40) -> None:
    """Show the end of a framework's log and of its database's."""
    lab, target = _one_framework(framework)
    for name in lab.unit_names(target):
        out.rule(f"{name}  ({lab.supervisor.log_path(name)})")
        out.print(lab.supervisor.log_tail(name, lines), markup=False, soft_wrap=True)


@app.command
def psql(*, framework: Framework = "") -> NoReturn:
    """Open psql on a framework's database, as the service's own user."""
    lab, target = _one_framework(framework)
    if lab.supervisor.status(lab.cluster(target).unit_name).pid is None:
        raise LabError(f"the database of {target.name} is not running", "Start it: make up.")
    environment = {**os.environ, "PGPASSFILE": str(lab.secrets.pgpass)}
    command = str(lab.binaries["psql"])
    os.execve(command, [command, lab.dsn(target)], environment)


# --- the machine ------------------------------------------------------------------------------


@app.command
def doctor() -> None:
    """Show whether this machine is fit to measure on, line by line, with what would mend it."""
    _print_checks(examine(_placement()))


@app.command
def tune() -> None:
    """Set what doctor names and can be set from here; untune puts it back."""
    tuning.require_root("tune")
    with measuring_alone():
        outcomes = tuning.tune(preflight.settings(examine(_placement())))
    _print_outcomes(outcomes, "Nothing here needs tuning, or can be tuned.")
    # Some interrupts belong to the kernel and stay where they are: told, but no failure.
    if outcomes and all(one.kind == "failed" for one in outcomes):
        raise LabError("none of the settings could be changed", "See the reasons above.")


@app.command
def untune() -> None:
    """Put back every setting that tune has changed, as it was."""
    tuning.require_root("untune")
    with measuring_alone():
        outcomes = tuning.untune()
    _print_outcomes(outcomes, "Nothing to put back since the last restart.")
    if any(one.kind == "failed" for one in outcomes):
        raise LabError("not everything could be put back", "See the reasons above.")


def _placement() -> Placement:
    return plan_placement(host.topology(), apps_at_once=len(targets()))


def _print_checks(checks: tuple[Check, ...]) -> None:
    for line in preflight.render(checks):
        out.print(line.text, style=line.style, markup=False, soft_wrap=True)


def _print_outcomes(outcomes: tuple[Outcome, ...], nothing: str) -> None:
    for one in outcomes:
        style = "yellow" if one.kind == "failed" else ""
        out.print(f"{one.kind}: {one.name} {one.message}", style=style, markup=False)
    if not outcomes:
        out.print(nothing)


# --- measuring --------------------------------------------------------------------------------


@app.command(name="bench")
def measure(
    *,
    framework: Framework = "",
    workload: Workload = "",
    profile: ProfileName = "quick",
    rounds: Annotated[int | None, Parameter(env_var="ROUNDS")] = None,
    concurrency: Annotated[int, Parameter(env_var="CONCURRENCY")] = DEFAULT_CONCURRENCY,
    rate: Annotated[float | None, Parameter(env_var="RATE")] = None,
    arrivals: ArrivalsName = "constant",
    requests: Annotated[int, Parameter(env_var="REQUESTS")] = DEFAULT_REQUESTS,
    seed: Seed = None,
    resume: Annotated[str, Parameter(env_var="RESUME")] = "",
    strict: Strict = False,
) -> None:
    """Measure the frameworks and leave the run in results/.

    Parameters
    ----------
    rounds:
        Rounds, instead of the profile's own number.
    concurrency:
        Connections of the closed loop.
    rate:
        Requests per second of an open loop, instead of the closed loop.
    requests:
        Requests per phase of the crud workload.
    resume:
        Id of an interrupted run to finish.
    """
    watcher = TerminalWatcher(out, err)
    if resume:
        record = watcher.watch(lambda: resume_run(resume, watcher, strict=strict))
    else:
        plan = make_plan(
            select_profile(profile),
            select_targets(targets(), _split(framework)),
            select_workloads(_split(workload)),
            seed=_drawn(seed),
            rounds=rounds,
            requests=requests,
            pacing=pacing_from(concurrency, rate, arrivals),
        )
        record = watcher.watch(lambda: session.measure(plan, watcher, strict=strict))
    _show(record)
    _require_clean(record)


@app.command
def sweep(
    *,
    framework: Framework = "",
    workload: Workload = "read",
    profile: ProfileName = "quick",
    rounds: Annotated[int | None, Parameter(env_var="ROUNDS")] = None,
    seed: Seed = None,
    strict: Strict = False,
) -> None:
    """Measure one workload at 1, 2, 4 ... 128 connections and fit a scalability law."""
    plan = sweep_plan(
        select_profile(profile),
        select_targets(targets(), _split(framework)),
        _one_workload(workload),
        seed=_drawn(seed),
        rounds=rounds,
    )
    watcher = TerminalWatcher(out, err)
    record = watcher.watch(lambda: run_sweep(plan, watcher, strict=strict))
    _show(record)
    _require_clean(record)


@app.command
def saturate(
    *,
    framework: Framework = "",
    workload: Workload = "read",
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
        select_targets(targets(), _split(framework)),
        _one_workload(workload),
        seed=_drawn(seed),
    )
    watcher = TerminalWatcher(out, err)
    record = watcher.watch(lambda: run_saturation(plan, study, watcher, strict=strict))
    # Trials beyond the limit fail by design: that is how the limit is found.
    _show(record)


@app.command
def compare(
    *,
    base: Annotated[str, Parameter(env_var="BASE")] = "",
    head: Annotated[str, Parameter(env_var="HEAD")] = "",
    threshold: Annotated[float, Parameter(env_var="THRESHOLD")] = 0.02,
    force: Annotated[bool, Parameter(env_var="FORCE")] = False,
) -> None:
    """Compare two runs; a regression ends with exit code 1.

    Parameters
    ----------
    base:
        Id of the run that is compared with.
    head:
        Id of the run that is judged.
    threshold:
        Differences up to this share do not count: 0.02 is 2 %.
    force:
        Compare even what differs in host, placement or contract.
    """
    if not (base and head):
        raise UsageError("which runs?", "Say BASE=<run-id> HEAD=<run-id>; make report names them.")
    records = [find_run(site().results, run_id).read()[0] for run_id in (base, head)]
    found = compare_runs(records[0], records[1], threshold, force=force)
    print_page(out, comparison_page(found))
    if found.regressions:
        raise LabError(outcome_words(found))


@app.command
def report(*, run: Annotated[str, Parameter(env_var="RUN")] = "") -> None:
    """Render a run (the latest when left out) on the terminal and as Markdown into its folder."""
    store = find_run(site().results, run or None)
    record, torn = store.read()
    for line in torn:
        err.print(f"{line.path.name}, line {line.line} is torn and left out.", style="yellow")
    page = page_of(record)
    if page is None:
        print_run(out, record)
    else:
        print_page(out, page)
    _write_report(store.directory, record)


@app.command
def selftest(*, framework: Framework = SERVICE) -> None:
    """Let the lab measure what is known: a service against itself, a planted slowdown, servers
    with known service times, a known amount of CPU.
    """
    checks = run_selftest(framework, say=lambda line: out.print(line, markup=False))
    print_table(out, selftest_table(checks))
    failed = [check.name for check in checks if not check.passed]
    if failed:
        raise LabError(
            f"the self-test failed: {'; '.join(failed)}",
            "On a busy machine try again at a quieter time; see make doctor.",
        )


@app.command
def ceiling() -> None:
    """Measure the load generator itself, beside Locust's, on a server with nothing behind it."""
    placement = plan_placement(host.topology())
    with measuring_alone():
        measured = measure_ceiling(placement.generator, placement.app)
    print_table(out, ceiling_table(measured))


@app.command
def overhead(*, seconds: float = 20.0) -> None:
    """Measure what the sampler costs while all services are up."""
    share = session.sampler_overhead(seconds, TerminalWatcher(out, err))
    out.print(f"The sampler used {share:.2%} of one core over {seconds:g} s.")


@app.command
def schema(directory: Path = Path("docs/schema")) -> None:
    """Write the JSON Schemas of a run's files."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in schemas().items():
        (directory / name).write_text(text)
    out.print(f"Written to {directory}.", markup=False)


@app.command
def clean() -> None:
    """Stop everything; remove the lab's databases, logs and passwords. Results stay."""
    here = site()
    if here.state.exists():
        open_lab(()).down()
        shutil.rmtree(here.state)
    out.print("Clean. Results are kept.")


# --- showing ----------------------------------------------------------------------------------


def _print_status(lab: Lab) -> None:
    lines = []
    for target in lab.targets:
        placement = lab.placement_of(target)
        app_name, database_name = lab.unit_names(target)
        database = f"{lab.site.host}:{target.database_port}/{target.database_name}"
        for name, address, cpus in (
            (app_name, lab.base_url(target), placement.app),
            (database_name, database, placement.database),
        ):
            state = lab.supervisor.status(name)
            pss = lab.supervisor.memory(name).pss_bytes if state.pid else None
            lines.append(UnitLine(name, state, address, cpus, pss))
    print_table(out, status_table(tuple(lines)))


def _show(record: RunRecord) -> None:
    """A run that has just been measured: its figures, and where everything is."""
    page = page_of(record)
    if page is None:
        print_results(out, record)
    else:
        print_page(out, page)
    _write_report(site().results / record.run_id, record)


def _write_report(directory: Path, record: RunRecord) -> None:
    page = page_of(record)
    text = render_markdown(record) if page is None else page_markdown(page)
    (directory / "report.md").write_text(text)
    out.print(f"Results: {directory}", soft_wrap=True, markup=False)


def _require_clean(record: RunRecord) -> None:
    """Raises LabError when a request failed or a target was unfit: failures are failures."""
    failed = sum(window.load.failed for cell in record.cells for window in cell.phases)
    unfit = sorted({cell.target for cell in record.cells if cell.unfit})
    problems = []
    if failed:
        problems.append(f"{failed:,} requests failed")
    if unfit:
        problems.append(f"not measured in every cell: {', '.join(unfit)}")
    if problems:
        raise LabError(f"this run has failures: {'; '.join(problems)}", "The table says where.")


# --- running ----------------------------------------------------------------------------------


def make_variables() -> frozenset[str]:
    """Every variable that some verb or the lab itself understands."""
    found = set(ENVIRONMENT)
    for name in app:
        if not name.startswith("-"):
            for argument in app[name].assemble_argument_collection():
                found.update(argument.parameter.env_var or ())
    return frozenset(found)


def _refuse_unknown_make_variables() -> None:
    """`make bench FRAMEWROK=drf` must not measure everything: make itself takes any name."""
    _, _, given = os.environ.get("MAKEFLAGS", "").partition("-- ")
    names = [word.partition("=")[0] for word in given.split() if "=" in word]
    known = make_variables()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UsageError(
            f"there is no variable {', '.join(unknown)}",
            f"Known variables: {', '.join(sorted(known))}.",
        )


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def main() -> NoReturn:
    """Run one verb. Exit code 0, 1 for a failure, 2 for a mistake in what was asked."""
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    try:
        _refuse_unknown_make_variables()
        app(result_action="return_value")
    except LabError as error:
        err.print("onecore:", style="bold red", end=" ")
        err.print(error.message, markup=False, soft_wrap=True)
        if error.remedy:
            err.print(error.remedy, markup=False, soft_wrap=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0)
