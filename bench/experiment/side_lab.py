"""A lab beside the ordinary one: for states of one service that are set against each other."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bench.errors import SetupError
from bench.experiment.lab import Lab
from bench.model import Target
from bench.supervise.ports import is_free

FIRST_PORT = 7100
"""Where the search for free ports begins. PORT_OFFSET moves it like all ports of a lab, so that two
labs that look at the same time do not both find the same ones free."""

_STEP = 10
_TRIES = 40


def state_of(target: Target, name: str, label: str) -> Target:
    """A target like `target` under another name, with a PostgreSQL instance of its own.

    It is on the same core as every other state: they are of one framework.
    """
    return replace(
        target,
        name=name,
        label=label,
        declared_as=target.declared_as or target.name,
        database_server=name,
        compared_with=(),
    )


def lab_apart(
    lab: Lab,
    folder: str,
    targets: Sequence[Target],
    extra_environment: Mapping[str, Mapping[str, str]] | None = None,
) -> Lab:
    """A lab like `lab` for these targets alone, on free ports, its databases in a folder of it.

    They share the supervisor with `lab`, so that whatever else runs is frozen while they are
    measured. Raises SetupError when no block of ports is free.
    """
    first = free_block(FIRST_PORT + lab.site.port_offset, 2 * len(targets))
    ports = itertools.count(first)
    placed = tuple(
        replace(target, http_port=next(ports), database_port=next(ports)) for target in targets
    )
    state = lab.site.state / folder
    state.mkdir(exist_ok=True)
    return replace(
        lab,
        site=replace(lab.site, state=state),
        registry=placed,
        targets=placed,
        extra_environment=extra_environment or {},
    )


def free_block(first: int, size: int = _STEP) -> int:
    """The first of a block of ports from `first` on that nobody listens on.

    Raises SetupError when there is none.
    """
    for start in range(first, first + _TRIES * _STEP, _STEP):
        if all(map(is_free, range(start, start + size))):
            return start
    raise SetupError(
        f"no block of {size} free ports from {first} to {first + _TRIES * _STEP}",
        "Stop what listens there: ss -ltnp shows it.",
    )
