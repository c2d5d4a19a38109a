"""Verbs for the services and their databases."""

import os
import shutil
from contextlib import suppress
from typing import NoReturn

from bench.cli.options import NOTHING_CHOSEN, Choice, err, out
from bench.errors import LabError, UsageError
from bench.experiment.ab.sides import remove_sides
from bench.experiment.assembly import (
    exclusively,
    lab_to_look_at,
    labs_of_all_supervisors,
    open_lab,
    require_unused,
    site,
    targets,
)
from bench.experiment.lab import Lab, Stopped
from bench.live.notes import print_notes
from bench.live.status import status_table
from bench.live.unit_view import watch_units
from bench.live.units import UnitReader
from bench.model import Target
from bench.report.render.terminal import print_table
from bench.words import times


def _one_target(choice: Choice) -> tuple[Lab, Target]:
    named = choice.framework or choice.mode
    names = choice.names if named else ()
    if len(names) != 1:
        known = ", ".join(target.name for target in targets())
        raise UsageError("which one framework?", f"Say FRAMEWORK=name. Known frameworks: {known}.")
    lab = lab_to_look_at(names)
    return lab, lab.targets[0]


def _lab_to_look_at(choice: Choice) -> Lab:
    """Of those chosen; of all where nothing is chosen, for whatever runs is to be seen."""
    return lab_to_look_at(choice.names if choice.framework or choice.mode else ())


def up(*, choice: Choice = NOTHING_CHOSEN) -> None:
    """Start the services and their databases, and wait until they answer."""
    lab = open_lab(choice.names)
    with exclusively(lab.site):
        print_notes(err, lab.notes)
        lab.start(lab.targets, outlive=True)
    _print_status(lab)


def down() -> None:
    """Stop everything that the lab has started here."""
    stopped = _everything_down()
    names = stopped.names
    out.print(f"Stopped: {', '.join(names)}." if names else "Nothing was running.")
    _tell_killed(stopped)


def status(*, choice: Choice = NOTHING_CHOSEN) -> None:
    """Show every service and database, or those chosen: mode, state, address, core and memory."""
    _print_status(_lab_to_look_at(choice))


def watch(*, choice: Choice = NOTHING_CHOSEN) -> None:
    """Show what every service and database uses, again every 2 seconds until Ctrl-C; once where
    the output is no terminal.
    """
    lab = _lab_to_look_at(choice)
    # Whatever is being measured, this stays off its core.
    os.sched_setaffinity(0, lab.placement.housekeeping)
    with UnitReader(lab, with_transactions=True) as reader, suppress(KeyboardInterrupt):
        watch_units(out, reader.look)


def logs(*, choice: Choice = NOTHING_CHOSEN, lines: int = 40) -> None:
    """Show the end of a framework's log and of its database's."""
    lab, target = _one_target(choice)
    for name in lab.unit_names(target):
        # No rule across the page: a pipe has no width.
        out.print(f"── {name}  ({lab.supervisor.log_source(name)})", markup=False, soft_wrap=True)
        out.print(lab.supervisor.log_tail(name, lines), markup=False, soft_wrap=True)


def psql(*, choice: Choice = NOTHING_CHOSEN) -> NoReturn:
    """Open psql on a framework's database, as the service's own user."""
    lab, target = _one_target(choice)
    if lab.supervisor.status(lab.cluster(target).unit_name).pid is None:
        raise LabError(f"the database of {target.name} is not running", "Start it: make up.")
    environment = {**os.environ, "PGPASSFILE": str(lab.secrets.pgpass)}
    command = str(lab.binaries["psql"])
    os.execve(command, [command, lab.dsn(target)], environment)


def clean() -> None:
    """Stop everything; remove the lab's databases, logs and passwords. Results stay."""
    here = site()
    _tell_killed(_everything_down())
    if here.state.exists():
        with exclusively(here):
            require_unused(here.state)
            shutil.rmtree(here.state)
    if environments := remove_sides(here):
        told = times(len(environments), "environment")
        out.print(f"Removed {told} of make ab: {', '.join(environments)}.", markup=False)
    out.print("Clean. Results are kept.")


def _everything_down() -> Stopped:
    """Stop what any supervisor runs of this lab: it may have been another one than now."""
    here = site()
    if not here.state.exists():
        return Stopped()
    with exclusively(here):
        stopped = [lab.down() for lab in labs_of_all_supervisors()]
    return Stopped(
        tuple(name for stop in stopped for name in stop.names),
        tuple(name for stop in stopped for name in stop.killed),
    )


def _tell_killed(stopped: Stopped) -> None:
    for name in stopped.killed:
        err.print(
            f"{name} did not end when it was told to, and was killed.", style="yellow", markup=False
        )


def _print_status(lab: Lab) -> None:
    with UnitReader(lab, with_transactions=False) as reader:
        print_table(out, status_table(reader.look()))
