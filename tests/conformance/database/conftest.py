"""A running target of each framework, the lab's way into its database, and requests to it."""

import json
import urllib.request
from collections.abc import Iterator

import psycopg2
import pytest

from bench import dataset
from bench.database.admin import Admin
from bench.experiment.lab import Lab
from bench.model import Target
from bench.targets import known_targets

# One target of each framework: what is tried is the lab's SQL, on each framework's own server.
NAMES = [known.name for known in known_targets() if known.name == known.framework]


@pytest.fixture(params=NAMES)
def target(request: pytest.FixtureRequest, lab: Lab) -> Target:
    (target,) = [candidate for candidate in lab.targets if candidate.name == request.param]
    lab.start((target,), outlive=False)
    return target


@pytest.fixture
def admin(lab: Lab, target: Target) -> Iterator[Admin]:
    with lab.admin(target) as opened:
        yield opened


def get(lab: Lab, target: Target, path: str) -> object:
    with urllib.request.urlopen(lab.base_url(target) + path) as answer:
        return json.load(answer)


def create(lab: Lab, target: Target) -> int:
    """Create an item; its id."""
    body = json.dumps(dataset.CRUD_ITEM).encode()
    request = urllib.request.Request(
        lab.base_url(target) + "/items/", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["id"]


def as_service(lab: Lab, target: Target, statement: str) -> None:
    """What a service's user does in a target's database."""
    connection = psycopg2.connect(lab.dsn(target), passfile=str(lab.secrets.pgpass))
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()
