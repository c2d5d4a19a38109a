"""Verbs by which the lab is judged itself: for who works on it, `python -m bench lab --help`."""

from pathlib import Path

from cyclopts import App

from bench import host
from bench.analysis.agreement import agreement as runs_agreement
from bench.cli.measuring import one_workload
from bench.cli.options import (
    NOTHING_CHOSEN,
    Choice,
    ProfileName,
    WorkloadName,
    err,
    names_in,
    out,
)
from bench.cli.results import read_run
from bench.errors import LabError, UsageError
from bench.experiment.assembly import site
from bench.experiment.bias import measure_bias
from bench.experiment.machine_lock import measuring_alone
from bench.experiment.overhead import sampler_overhead
from bench.experiment.selftest.repeated import TwinVerdict, repeat_twins
from bench.experiment.selftest.run import SERVICE
from bench.experiment.selftest.twins import PLANTED_SHARE
from bench.files import write_whole
from bench.live.watching import TerminalWatcher, view_share
from bench.load.ceiling import measure_ceiling
from bench.load.endurance import LIMIT_BYTES, measure_endurance
from bench.load.generator import Generator
from bench.placement import plan_placement
from bench.report.lab import agreement_table, bias_table, ceiling_table, twin_words
from bench.report.render.terminal import print_table
from bench.store import find_run, schemas
from bench.workloads import select_workloads

lab = App(name="lab", help="Judge the lab itself: what it costs, bears, and agrees with.")


@lab.command
def twins(
    *,
    choice: Choice = NOTHING_CHOSEN,
    workload: WorkloadName = "read",
    profile: ProfileName = "quick",
    times: int = 20,
    planted: float = PLANTED_SHARE,
) -> None:
    """Judge a service against itself again and again, and against itself with more CPU per request.

    Parameters
    ----------
    times:
        Runs, each judged on its own.
    planted:
        Additional CPU of the slowed copy, as a share.
    """
    names = choice.names if choice.framework or choice.mode else (SERVICE,)
    if len(names) != 1:
        raise UsageError("this takes one framework", "E.g. FRAMEWORK=drf.")

    def say(outcome: TwinVerdict) -> None:
        out.print(
            twin_words(outcome.number, outcome.measure, outcome.verdict),
            markup=False,
            soft_wrap=True,
        )

    repeat_twins(names[0], one_workload(workload), profile, times, planted, say)


@lab.command
def bias(
    *,
    choice: Choice = NOTHING_CHOSEN,
    workload: WorkloadName = "read,create,list",
    times: int = 6,
    turn_s: float = 0.3,
) -> None:
    """Compare the ratios of targets in turns with their ratios in windows.

    Parameters
    ----------
    times:
        Repetitions of both, by which intervals are made.
    turn_s:
        How long a turn lasts.
    """
    found = measure_bias(
        choice.names,
        select_workloads(names_in(workload)),
        times,
        turn_s,
        TerminalWatcher(out, err),
        lambda line: out.print(line, markup=False),
    )
    print_table(out, bias_table(found))


@lab.command
def ceiling() -> None:
    """Measure the load generator itself, beside Locust's, on a server with nothing behind it."""
    placement = plan_placement(host.topology())
    with measuring_alone(), Generator(placement.generator) as generator:
        measured = measure_ceiling(generator, placement.app, fasthttp_cpus=placement.generator)
    print_table(out, ceiling_table(measured))


@lab.command
def endurance(*, requests: int = 2_000_000) -> None:
    """Send very many requests to a server with nothing behind it; memory must stay flat."""
    placement = plan_placement(host.topology())
    with measuring_alone(), out.status("sending ...") as status:
        told = measure_endurance(
            placement.generator,
            placement.app,
            requests,
            lambda seen: status.update(f"{seen.succeeded:,} answered, {seen.rate_per_s:,.0f}/s"),
        )
    out.print(
        f"{told.succeeded:,} requests in {told.duration_s:,.0f} s, {told.failed:,} failed. Peak "
        f"memory: generator {told.generator_peak_bytes / 1e6:.0f} MB, "
        f"the lab's own process {told.lab_peak_bytes / 1e6:.0f} MB."
    )
    if told.failed:
        raise LabError(f"{told.failed:,} requests to the null server failed")
    if not told.is_flat:
        raise LabError(f"memory went above {LIMIT_BYTES / 1e6:.0f} MB", "It should not: report it.")


@lab.command
def overhead(*, seconds: float = 60.0) -> None:
    """Measure what the sampler costs, with each service in turn under load, and the live view."""
    share = sampler_overhead(seconds, TerminalWatcher(out, err))
    out.print(f"The sampler used {share:.2%} of one core over {seconds:g} s.")
    view = view_share(plan_placement(host.topology()))
    out.print(f"The live view on a terminal uses {view:.2%} of one core.")


@lab.command
def agreement(*runs: str) -> None:
    """Show how well several runs of the same agree, e.g. ten quick runs of one commit.

    Parameters
    ----------
    runs:
        Their ids, at least three.
    """
    found = runs_agreement([read_run(find_run(site().results, run_id))[0] for run_id in runs])
    print_table(out, agreement_table(found))


@lab.command
def schema(directory: Path = Path("docs/schema")) -> None:
    """Write the JSON Schemas of a run's files."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in schemas().items():
        write_whole(directory / name, text)
    out.print(f"Written to {directory}.", markup=False)
