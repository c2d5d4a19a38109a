"""What is asked of an A/B, as plain values. Pure."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from textwrap import shorten

from bench.errors import UsageError

SERIES = "|"
"""Stands between the values of a series."""

# A comma before an operator belongs to the requirement: pydantic>=2.10,<2.12. One in brackets
# belongs to its extras.
_BETWEEN_REQUIREMENTS = re.compile(r",(?=\s*[A-Za-z0-9])(?![^\[]*\])")
_NAME = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
_WIDEST = 60
_PLACEHOLDERS = {"python", "host", "port"}
_BRACES = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class SideSpec:
    """One state of a service: `key` names it, `title` tells it.

    It has the code of `ref`, or of the working tree where that is empty; `requirements` in the
    place of what is locked; the variables of `environment` and the command `serve` in the place of
    the service's own.
    """

    key: str
    title: str
    ref: str = ""
    requirements: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, hash=False)
    serve: tuple[str, ...] = ()


def side_specs(base: str, packages: str, settings: str, serve: str) -> tuple[SideSpec, ...]:
    """What is compared: the reference first, then one state or more.

    A change is one of the working tree's; the reference is the commit BASE, or the working tree as
    it is. In a series the first value is the reference. Raises UsageError.
    """
    given = {"WITH": packages, "ENV": settings, "SERVE": serve}
    series = [name for name, text in given.items() if SERIES in text]
    if not base and not any(given.values()):
        raise UsageError(
            "what is compared with what?",
            "Say BASE=<git ref>, WITH='package==version', ENV='NAME=value' or SERVE='command'.",
        )
    if len(series) > 1 or (series and base):
        both = " and ".join([*series, *(["BASE"] if base else [])])
        raise UsageError(
            f"{both} exclude each other: a series is of one thing, its first value the reference",
            f"Leave one out, or take the {SERIES} out of it.",
        )
    if series:
        return _series(given, series[0])
    changed = _state(given)
    reference = SideSpec("base", base or "as it is", ref=base)
    title = ", ".join(map(_short, filter(None, given.values()))) or "working tree"
    return reference, replace(changed, key="head", title=title)


def _series(given: Mapping[str, str], name: str) -> tuple[SideSpec, ...]:
    """The states of a series; whatever else is given holds for all of them."""
    values = [value.strip() for value in given[name].split(SERIES)]
    if len(set(values)) < len(values):
        raise UsageError(f"{name}={given[name]} names a state twice", "Name each once.")
    return tuple(
        replace(_state({**given, name: value}), key=str(number), title=_short(value) or "as it is")
        for number, value in enumerate(values, start=1)
    )


def _short(value: str) -> str:
    """A server command is too long for a column; the report has the whole one, too."""
    return shorten(value, _WIDEST, placeholder=" ...")


def _state(given: Mapping[str, str]) -> SideSpec:
    return SideSpec(
        "",
        "",
        requirements=requirements_in(given["WITH"]),
        environment=variables_in(given["ENV"]),
        serve=command_in(given["SERVE"]),
    )


def requirements_in(text: str) -> tuple[str, ...]:
    """The requirements in a list with commas: those within a requirement do not divide it.

    Raises UsageError for what names no package; whether there is one is for uv to say.
    """
    found = tuple(
        requirement.strip()
        for requirement in _BETWEEN_REQUIREMENTS.split(text)
        if requirement.strip()
    )
    unnamed = [
        requirement
        for requirement in found
        if not _NAME.match(requirement) or requirement.startswith("-")
    ]
    if unnamed:
        raise UsageError(
            f"WITH={text}: {unnamed[0]!r} names no package", "E.g. WITH='pydantic==2.11.*'."
        )
    return found


def package_of(requirement: str) -> str:
    """The name of what is required, as packages are compared: "Flask_SQLAlchemy" is
    "flask-sqlalchemy".
    """
    found = _NAME.match(requirement)
    return re.sub(r"[-_.]+", "-", found[1]).lower() if found else ""


def variables_in(text: str) -> Mapping[str, str]:
    """The variables in a list with commas, NAME=value each. Raises UsageError."""
    found: dict[str, str] = {}
    for assignment in filter(None, (part.strip() for part in text.split(","))):
        name, sign, value = assignment.partition("=")
        if not sign or not _VARIABLE.fullmatch(name):
            raise UsageError(
                f"ENV={text}: {assignment!r} sets no variable",
                "E.g. ENV='POOL_SIZE=5'; docs/services.md lists them. `unset ENV` if your shell "
                "exports it for itself.",
            )
        found[name] = value
    return found


def command_in(text: str) -> tuple[str, ...]:
    """The words of a server command, with {python}, {host} and {port}. Raises UsageError."""
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise UsageError(f"SERVE={text} is no command: {error}", _EXAMPLE) from None
    if not words:
        return ()
    named = set(_BRACES.findall(text))
    if not named <= _PLACEHOLDERS or not {"host", "port"} <= named:
        raise UsageError(
            f"SERVE={text} has to listen at {{host}} and {{port}}, and knows {{python}} besides",
            _EXAMPLE,
        )
    return words


_EXAMPLE = "E.g. SERVE='{python} -m gunicorn app:application --bind {host}:{port}'."
