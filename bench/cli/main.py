"""From the shell to a verb, and from an error to an exit code."""

import os
import sys
from typing import NoReturn

from cyclopts import CycloptsError

from bench import isolation
from bench.cli.options import app, err
from bench.errors import LabError, UsageError
from bench.experiment.assembly import ENVIRONMENT
from bench.experiment.interruption import interruptible
from bench.experiment.refusal import refused


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


def _fail(error: LabError) -> NoReturn:
    err.print("onecore:", style="bold red", end=" ")
    err.print(error.message, markup=False, soft_wrap=True)
    if error.remedy:
        err.print(error.remedy, markup=False, soft_wrap=True)
    sys.exit(error.exit_code)


def main() -> NoReturn:
    """Run one verb. Exit code 0, 1 for a failure, 2 for a mistake in what was asked."""
    interruptible()
    try:
        _refuse_unknown_make_variables()
        isolation.leave_the_confined()
        app(result_action="return_value", print_error=False, exit_on_error=False)
    except CycloptsError as error:
        _fail(UsageError(str(error).strip(), "What there is: python -m bench --help."))
    except LabError as error:
        _fail(error)
    except OSError as error:
        refusal = refused(error)
        if refusal is None:
            raise
        _fail(refusal)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0)
