"""What the verbs share: the app, the consoles, and the options that several verbs take."""

from typing import Annotated

from cyclopts import App, Parameter

from bench.report.terminal import make_console

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
Rounds = Annotated[
    int | None, Parameter(env_var="ROUNDS", help="Rounds, instead of the usual number.")
]
Seed = Annotated[
    int | None,
    Parameter(env_var="SEED", help="Of the order and of what is sent; drawn when left out."),
]
Strict = Annotated[
    bool, Parameter(env_var="STRICT", help="Refuse to measure on a machine that is unfit.")
]


def names_in(text: str) -> tuple[str, ...]:
    """The names in a list with commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())
