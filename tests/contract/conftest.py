"""Fixtures: each service under test, and all of them side by side.

The services come from the session fixture `live_services`, which starts them. With
CONTRACT_SERVICES set they were started by hand, and `live_services` is overridden here.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.targets import known_targets

from . import by_hand
from .service import Service

SERVICES = Path(__file__).parents[2] / "services"


def names_of_services() -> list[str]:
    """Every target that a service.toml describes; nothing here lists them."""
    if by_hand.is_asked_for():
        return sorted(by_hand.read())
    return [target.name for target in known_targets()]


if by_hand.is_asked_for():

    @pytest.fixture(scope="session")
    def live_services() -> dict[str, by_hand.LiveService]:
        """The services that were started by hand."""
        return by_hand.read()


@pytest.fixture(scope="session")
def services_by_name(live_services) -> Iterator[dict[str, Service]]:
    """Every service with a client and a superuser's connection that last the whole session."""
    services = {name: Service(live_services[name]) for name in names_of_services()}
    yield services
    for service in services.values():
        service.close()


@pytest.fixture(scope="session", params=names_of_services())
def service(request: pytest.FixtureRequest, services_by_name: dict[str, Service]) -> Service:
    """One service; a test that asks for it runs once for each."""
    return services_by_name[request.param]


@pytest.fixture(scope="session")
def all_services(services_by_name: dict[str, Service]) -> list[Service]:
    """All services, for tests that compare their answers."""
    return list(services_by_name.values())


@pytest.fixture(autouse=True)
def empty_tables(request: pytest.FixtureRequest) -> None:
    """Each test starts from an empty table whose next id is 1."""
    if "service" in request.fixturenames:
        request.getfixturevalue("service").empty()
    if "all_services" in request.fixturenames:
        for service in request.getfixturevalue("all_services"):
            service.empty()
