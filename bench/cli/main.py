"""From the shell to a verb, and from an error to an exit code."""

import errno
import os
import sys
from typing import NoReturn

from bench import isolation
from bench.cli.options import app, err
from bench.errors import LabError, SetupError, UsageError
from bench.experiment.assembly import ENVIRONMENT
from bench.experiment.interruption import interruptible


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


def _on_a_disk_that_takes_nothing(error: OSError) -> SetupError:
    """What the disk refused, wherever that was; raises any other error again."""
    if error.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EROFS}:
        raise error
    where = error.filename2 or error.filename
    return SetupError(
        f"cannot write{f' {where}' if where else ''}: {error.strerror}",
        "Free some space, or let ONECORE_STATE and ONECORE_RESULTS name folders on another disk.",
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
        app(result_action="return_value")
    except LabError as error:
        _fail(error)
    except OSError as error:
        _fail(_on_a_disk_that_takes_nothing(error))
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0)
