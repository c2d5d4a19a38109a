"""Requests that schemathesis makes up from services/openapi.yaml, for each target at its level."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig

from .levels import CORE, STRICT, Level
from .openapi import contract_of

# What only the strict level promises: nothing is converted.
CHECKS_OF_STRICT = {"negative_data_rejection": {"enabled": False}}
# HEAD, OPTIONS and TRACE are left to frameworks.
OTHER_METHODS_OF_CORE = ["GET", "PUT", "POST", "DELETE", "PATCH"]
pytest_plugins = ("schemathesis.pytest.plugin",)

EXAMPLES = settings(
    max_examples=10,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def schema_of(level: Level) -> Any:
    """What schemathesis makes up requests from, and holds answers against."""
    core: dict[str, Any] = {
        "checks": CHECKS_OF_STRICT,
        "phases": {"coverage": {"unexpected-methods": OTHER_METHODS_OF_CORE}},
    }
    # The stateful phase is left out: the suite has its own stories.
    config: dict[str, Any] = {
        "generation": {"deterministic": True, "database": "none"},
        "phases": {"stateful": {"enabled": False}},
    }
    if level == CORE:
        config = config | core | {"phases": config["phases"] | core["phases"]}
    return schemathesis.openapi.from_dict(
        contract_of(level), config=SchemathesisConfig.from_dict(config)
    )


@pytest.fixture(scope="session")
def session() -> Iterator[requests.Session]:
    """Connections that are kept."""
    with requests.Session() as kept:
        kept.trust_env = False
        yield kept


# To make a request up costs more than to answer it: each goes to all targets that it concerns.


@schema_of(STRICT).parametrize()
@EXAMPLES
def test_made_up_requests_keep_the_contract(case, strict_services, session):
    """Whatever is made up from the contract is answered as the contract says."""
    for service in strict_services:
        case.call_and_validate(base_url=service.base_url, session=session)


@schema_of(CORE).parametrize()
@EXAMPLES
def test_made_up_requests_keep_the_core_of_the_contract(case, core_services, session):
    """Whatever is made up from what every target promises is answered so."""
    for service in core_services:
        case.call_and_validate(base_url=service.base_url, session=session)
