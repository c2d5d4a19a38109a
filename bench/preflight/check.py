"""What a check says, and what follows from many of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from bench.host import MachineFacts, Setting
from bench.host.cpus import SMT_SWITCH
from bench.model import Diagnostic
from bench.placement import format_cpulist

CheckState = Literal["ok", "note", "doubt", "bad"]

NO_REMEDY = "No command mends this"


@dataclass(frozen=True)
class Check:
    """One look at the machine: what was seen, why it matters, and what would mend it.

    - note: worth knowing; figures from here are still good.
    - doubt: figures will be noisier, or tell less, than they could.
    - bad: do not measure like this. With `forbids` no figure from here may be used at all.

    `settings` are what would mend it and can be set from here; `make tune` sets exactly those.
    """

    name: str
    state: CheckState
    seen: str
    why: str = ""
    remedy: str = ""
    settings: tuple[Setting, ...] = ()
    forbids: bool = False


def unfit(checks: Iterable[Check]) -> bool:
    """Whether `STRICT=1` has to refuse."""
    return any(check.state == "bad" for check in checks)


def verdict(checks: Iterable[Check]) -> Literal["fit", "fit with doubts", "unfit"]:
    """The machine in a word, by the gravest of its checks."""
    states = {check.state for check in checks}
    if "bad" in states:
        return "unfit"
    return "fit with doubts" if "doubt" in states else "fit"


def settings(checks: Iterable[Check]) -> tuple[Setting, ...]:
    """All that the checks would have set differently, in the order of setting.

    SMT comes last: without siblings their other settings are gone. What is put back goes the other
    way round, so that the siblings are there again first.
    """
    every = [setting for check in checks for setting in check.settings]
    return tuple(sorted(every, key=lambda setting: setting.name == SMT_SWITCH))


def diagnostics(checks: Iterable[Check]) -> tuple[Diagnostic, ...]:
    """What is stored with a run: every check that is not ok.

    A bad state may have passed by the time a window is measured, and each window is judged for
    itself: so only a check that forbids makes the whole run invalid.
    """
    return tuple(
        Diagnostic(
            code=f"host-{check.name.replace(' ', '-').lower()}",
            message=f"{check.name}: {check.seen} ({check.why})",
            remedy=check.remedy,
            severity="invalid" if check.forbids else "note" if check.state == "note" else "doubt",
        )
        for check in checks
        if check.state != "ok"
    )


def tune_command(facts: MachineFacts) -> str:
    """The command that tunes this machine, with sudo where the caller is not root."""
    return _as_root("tune", facts)


def isolate_command(facts: MachineFacts) -> str:
    """The command that isolates the cores, with sudo where the caller is not root."""
    return _as_root("isolate", facts)


def _as_root(verb: str, facts: MachineFacts) -> str:
    # sudo forgets the environment that `make` may need.
    return f"make {verb}" if facts.is_root else f"sudo {facts.python_executable} -m bench {verb}"


def named(cpus: Iterable[int]) -> str:
    """The CPUs in words: `CPU 3`, `CPUs 0-3`."""
    numbers = tuple(cpus)
    return f"CPU{'s' * (len(set(numbers)) > 1)} {format_cpulist(numbers)}"


def app_cpus(cpus: tuple[int, ...]) -> str:
    """The CPUs of the apps, in the words of a check."""
    return f"the app's {named(cpus)}"
