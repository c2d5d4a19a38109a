"""What the verbs share: the consoles, and the options that several verbs take."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter, Token

from bench.errors import UsageError
from bench.experiment.assembly import targets
from bench.model import RunRecord, Target
from bench.report.render.terminal import make_console
from bench.targets import ALL, choose_targets, narrow

out = make_console()
err = make_console(stderr=True)


def whole(_kind: object, tokens: Sequence[Token]) -> int:
    """A whole number as it was written: 2.9 is not taken for 3. Raises UsageError."""
    (token,) = tokens
    try:
        return int(token.value)
    except ValueError:
        name = token.keyword or "this"
        raise UsageError(
            f"{name}={token.value} is not a whole number",
            f"E.g. {name}=4; see: make help, or --help",
        ) from None


def refuse_beside(chosen: str, why: str, others: dict[str, object]) -> None:
    """Raises UsageError when some of the `others`, by variable, were given beside `chosen`."""
    given = [name for name, value in others.items() if value not in (None, "", False)]
    if given:
        raise UsageError(
            f"{chosen} and {', '.join(given)} exclude each other: {why}",
            f"Leave {', '.join(given)} out; `unset` what your shell exports.",
        )


Framework = Annotated[
    str,
    Parameter(
        env_var="FRAMEWORK",
        help="Targets, with commas between them, or all; the standard ones when left out.",
    ),
]
ModeName = Annotated[
    str, Parameter(env_var="MODE", help="All targets of one mode: standard, tuned or engine.")
]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which targets are meant."""

    framework: Framework = ""
    mode: ModeName = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Those that are meant here and now, by name. Raises UsageError."""
        return tuple(target.name for target in self.targets)

    @property
    def targets(self) -> tuple[Target, ...]:
        """Those that are meant here and now, in registry order. Raises UsageError."""
        return choose_targets(targets(), names_in(self.framework), self.mode)

    def recorded_in(self, record: RunRecord) -> tuple[str, ...]:
        """Those of a stored run that are meant: all of them where nothing is chosen, as ().

        Raises UsageError.
        """
        names = names_in(self.framework)
        if ALL in names:
            names = ()
        if not self.mode:
            return names
        known = [record.target(name) for name in record.plan.targets]
        return tuple(target.name for target in narrow(known, names, self.mode))


NOTHING_CHOSEN = Choice()
WorkloadName = Annotated[
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
Rounds = Annotated[
    int | None,
    Parameter(env_var="ROUNDS", converter=whole, help="Rounds, instead of the usual number."),
]
Seed = Annotated[
    int | None,
    Parameter(
        env_var="SEED",
        converter=whole,
        help="Of the order and of what is sent; drawn when left out.",
    ),
]
Strict = Annotated[
    bool, Parameter(env_var="STRICT", help="Refuse to measure on a machine that is unfit.")
]


def names_in(text: str) -> tuple[str, ...]:
    """The names in a list with commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())
