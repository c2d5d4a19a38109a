"""From the shell to a verb, and from an error to an exit code."""

import codecs
import locale
import os
import re
import sys
from io import TextIOWrapper
from typing import NoReturn

from cyclopts import CycloptsError

from bench import isolation
from bench.cli.options import err
from bench.cli.verbs import VERBS, app, load_all
from bench.environment import LAB_VARIABLES
from bench.errors import LabError, UsageError
from bench.experiment.interruption import interruptible
from bench.experiment.os_errors import refused
from bench.kernel.limits import raise_soft_limits


def _variables_of(verb: str) -> frozenset[str]:
    """Which variables a verb takes, beside those that the lab itself understands.

    Verbs of a group are none of make's, and take none.
    """
    if not app[verb].default_command:
        return frozenset()
    return frozenset(
        variable
        for argument in app[verb].assemble_argument_collection()
        for variable in argument.parameter.env_var or ()
    )


def variables_by_verb() -> dict[str, frozenset[str]]:
    """Which variables each verb takes, beside those that the lab itself understands."""
    return {verb: _variables_of(verb) for verb in VERBS}


def make_variables() -> frozenset[str]:
    """Every variable that some verb or the lab itself understands."""
    return frozenset(LAB_VARIABLES).union(*variables_by_verb().values())


def refuse_idle_variables(verb: str, makeflags: str) -> None:
    """Raises UsageError for a variable of make's command line that would do nothing.

    `make bench FRAMEWROK=drf` must not measure everything, nor `make sweep CONCURRENCY=5` sweep as
    if nothing had been said: make itself takes any name. What a shell exports is another matter:
    it is meant for whoever takes it, and may not be meant for the lab at all.
    """
    _, _, given = makeflags.partition("-- ")
    # make escapes the blanks within a value.
    words = re.split(r"(?<!\\)\s+", given)
    names = [word.partition("=")[0] for word in words if "=" in word]
    own = _variables_of(verb) if verb in VERBS else frozenset()
    if own.union(LAB_VARIABLES).issuperset(names):  # the other verbs need not be loaded for it
        return
    by_verb, known = variables_by_verb(), make_variables()
    if unknown := [name for name in names if name not in known]:
        raise UsageError(
            f"there is no variable {', '.join(unknown)}",
            f"Known variables: {', '.join(sorted(known))}.",
        )
    takes = by_verb.get(verb, known) | frozenset(LAB_VARIABLES)
    if idle := [name for name in names if name not in takes]:
        raise UsageError(
            f"make {verb} does not take {', '.join(idle)}",
            f"It takes {', '.join(sorted(by_verb[verb])) or 'no variable of its own'}; every "
            f"command takes {', '.join(sorted(LAB_VARIABLES))}.",
        )


def _fail(error: LabError) -> NoReturn:
    err.print("onecore:", style="bold red", end=" ")
    err.print(error.message, markup=False, soft_wrap=True)
    if error.remedy:
        err.print(error.remedy, markup=False, soft_wrap=True)
    sys.exit(error.exit_code)


def speak_as_the_terminal(stream: TextIOWrapper) -> None:
    """Write in the locale's encoding; what it lacks becomes a question mark.

    C and POSIX say nothing of a terminal: there it is UTF-8, as everywhere in Python.
    """
    encoding = locale.getencoding()
    if codecs.lookup(encoding).name == "ascii":
        encoding = "utf-8"
    stream.reconfigure(encoding=encoding, errors="replace")


def main() -> NoReturn:
    """Run one verb. Exit code 0, 1 for a failure, 2 for a mistake in what was asked, and 130 for
    Ctrl-C: what a shell reports of an interrupted program, so that nobody takes it for a failure.
    """
    interruptible()
    # What others must read, services' users among them, they can; what nobody may is closed by its
    # own mode.
    os.umask(0o022)
    raise_soft_limits()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a test may have put something else there
            speak_as_the_terminal(stream)
    try:
        verb = next(iter(sys.argv[1:]), "")
        refuse_idle_variables(verb, os.environ.get("MAKEFLAGS", ""))
        isolation.leave_the_confined()
        if verb not in VERBS:
            load_all()
        app(result_action="return_value", print_error=False, exit_on_error=False)
    except CycloptsError as error:
        _fail(UsageError(str(error).strip(), "What there is: make help, or --help."))
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
