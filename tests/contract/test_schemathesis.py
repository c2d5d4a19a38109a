"""Requests that schemathesis makes up from services/openapi.yaml."""

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig

from .conftest import SERVICES

CONFIG = SchemathesisConfig.from_dict({
    "generation": {"deterministic": True, "database": "none", "allow-x00": False},
    "phases": {"stateful": {"enabled": False}},
})  # fmt: skip


@pytest.fixture(scope="session")
def contract(service):
    """The contract, with one service behind it."""
    schema = schemathesis.openapi.from_path(SERVICES / "openapi.yaml", config=CONFIG)
    schema.config.update(base_url=service.base_url)
    return schema


schema = schemathesis.pytest.from_fixture("contract")


@schema.parametrize()
@settings(
    max_examples=25,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_made_up_requests_keep_the_contract(case):
    """Whatever is made up from the contract is answered as the contract says."""
    case.call_and_validate()
