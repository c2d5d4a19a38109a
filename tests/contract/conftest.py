"""Fixtures: each target under test, at the level of the contract that it claims.

A test that asks for `service` runs for every target: what it shows is core. A test that asks for
`strict_service` runs for those that claim the strict level. Nothing else tells the levels apart.

The targets come from the session fixture `live_services`, which starts them. With
CONTRACT_SERVICES set they were started by hand, and `live_services` is overridden here.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.targets import known_targets

from . import by_hand
from .levels import CORE, STRICT, claimed
from .rows import each, pytest_pyfunc_call  # noqa: F401  a fixture and a hook
from .service import Service

SERVICES = Path(__file__).parents[2] / "services"
LEVELS = by_hand.levels() if by_hand.is_asked_for() else claimed()
ALL = tuple(LEVELS)
STRICT_ONES = tuple(name for name in ALL if LEVELS[name] == STRICT)
CORE_ONES = tuple(name for name in ALL if LEVELS[name] == CORE)


# The fixtures below that are one target, and those that are several.
ONE_EACH = {"service", "strict_service", "core_service", "standard_service"}
ALL_OF_THEM = {"strict_services", "core_services", "standard_services"}


def of_mode(mode: str) -> tuple[str, ...]:
    """The targets of this mode; what is described nowhere is standard."""
    modes = {target.name: target.mode for target in known_targets()}
    return tuple(name for name in ALL if modes.get(name, "standard") == mode)


def of_framework(framework: str) -> tuple[str, ...]:
    """The targets of this framework."""
    frameworks = {target.name: target.framework for target in known_targets()}
    return tuple(name for name in ALL if frameworks.get(name) == framework)


if by_hand.is_asked_for():

    @pytest.fixture(scope="session")
    def live_services() -> dict[str, by_hand.LiveService]:
        """The targets that were started by hand."""
        return by_hand.read()


@pytest.fixture(scope="session")
def services_by_name(live_services) -> Iterator[dict[str, Service]]:
    """Every target with a connection to it and to its database that last the whole session."""
    services = {name: Service(live_services[name]) for name in ALL}
    yield services
    for service in services.values():
        service.close()


@pytest.fixture(scope="session", params=ALL)
def service(request: pytest.FixtureRequest, services_by_name: dict[str, Service]) -> Service:
    """One target; a test that asks for it runs once for each."""
    return services_by_name[request.param]


@pytest.fixture(scope="session", params=STRICT_ONES)
def strict_service(request: pytest.FixtureRequest, services_by_name: dict[str, Service]) -> Service:
    """One target of the strict level; a test that asks for it runs once for each of those."""
    return services_by_name[request.param]


@pytest.fixture(scope="session", params=CORE_ONES)
def core_service(request: pytest.FixtureRequest, services_by_name: dict[str, Service]) -> Service:
    """One target that claims no more than the core, where a strict one has a test of its own."""
    return services_by_name[request.param]


@pytest.fixture(scope="session", params=of_mode("standard"))
def standard_service(
    request: pytest.FixtureRequest, services_by_name: dict[str, Service]
) -> Service:
    """One target that uses its framework as its users do."""
    return services_by_name[request.param]


@pytest.fixture(scope="session")
def strict_services(services_by_name: dict[str, Service]) -> list[Service]:
    """All targets of the strict level, for tests that compare their answers."""
    return [services_by_name[name] for name in STRICT_ONES]


@pytest.fixture(scope="session")
def standard_services(services_by_name: dict[str, Service]) -> list[Service]:
    """All targets that use their framework as its users do."""
    return [services_by_name[name] for name in of_mode("standard")]


@pytest.fixture(scope="session")
def core_services(services_by_name: dict[str, Service]) -> list[Service]:
    """All targets that claim no more than the core."""
    return [services_by_name[name] for name in CORE_ONES]


@pytest.fixture(autouse=True)
def empty_tables(request: pytest.FixtureRequest) -> None:
    """Each test starts from an empty table whose next id is 1."""
    for name in ONE_EACH & set(request.fixturenames):
        request.getfixturevalue(name).empty()
    for name in ALL_OF_THEM & set(request.fixturenames):
        for service in request.getfixturevalue(name):
            service.empty()
