"""Requests that schemathesis makes up from services/openapi.yaml."""

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig

from .conftest import SERVICES

# The stateful phase is left out: the suite has its own stories, compared between services.
CONFIG = SchemathesisConfig.from_dict({
    "generation": {"deterministic": True, "database": "none"},
    "phases": {"stateful": {"enabled": False}},
})  # fmt: skip

schema = schemathesis.openapi.from_path(SERVICES / "openapi.yaml", config=CONFIG)


@schema.parametrize()
@settings(
    max_examples=10,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_made_up_requests_keep_the_contract(case, service):
    """Whatever is made up from the contract is answered as the contract says."""
    case.call_and_validate(base_url=service.base_url)
