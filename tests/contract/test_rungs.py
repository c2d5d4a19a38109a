"""The rungs of `make explain` answer as the standard service of their framework does.

That one is held against the contract by all the other tests. What is compared here is what a client
may rely on: status, media type, allowed methods, and the answer without the wording of errors.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bench.experiment.explain import rungs_of, with_targets
from bench.experiment.lab import Lab
from bench.experiment.side_lab import free_block
from bench.model import Target
from bench.targets import explanation_of, known_targets
from tests.conftest import LiveService

from . import by_hand
from .answer import JSON, Answer
from .bodies import SAMPLE_OF_BAD, SAMPLE_OF_GOOD, VALID
from .problem import PROBLEM, without_messages
from .routes import LEFT_TO_FRAMEWORKS, REFUSED, ROUTES, WRITES
from .service import Service
from .story import story
from .test_equality import READS, STORED
from .test_ids import LONG_IDS, NO_IDS, UNKNOWN_IDS
from .test_list import LARGE, NO_NUMBERS
from .test_routes import UNKNOWN_PATHS

STANDARD = [
    target
    for target in known_targets()
    if target.name == target.framework and target.mode == "standard" and explanation_of(target)
]
RUNGS = rungs_of(STANDARD)

pytestmark = pytest.mark.skipif(
    by_hand.is_asked_for(), reason="rungs are started by the lab, and not by hand"
)


@pytest.fixture(scope="module")
def migrated() -> set[str]:
    """The databases that have their table: the rungs of a framework, one at a time, share one."""
    return set()


@pytest.fixture(scope="module", params=RUNGS, ids=lambda rung: rung.name)
def pair(
    request: pytest.FixtureRequest,
    lab: Lab,
    services_by_name: dict[str, Service],
    migrated: set[str],
) -> Iterator[tuple[Service, Service]]:
    """The standard service, and the rung, which is up for its tests alone."""
    rung: Target = replace(request.param, http_port=free_block(12_000, 1))
    # Its framework's server is up for the session, moved as the lab's ports are.
    (standard,) = (candidate for candidate in lab.targets if candidate.name == rung.framework)
    database = f"{standard.database_name}_rungs"
    rung = replace(rung, database_port=standard.database_port, database_name=database)
    if database in migrated:  # again is what every start of the other targets shows
        rung = replace(rung, migrate=())
    own = with_targets(lab, (rung,), (rung.name,))
    started = own.start((rung,), outlive=False)
    migrated.add(database)
    live = LiveService(
        name=rung.name,
        base_url=own.base_url(rung),
        dsn=own.dsn(rung).replace("testuser@", "postgres@"),
        pgpass=own.secrets.admin_pgpass,
    )
    service = Service(live)
    try:
        yield services_by_name[rung.framework], service
    finally:
        service.close()
        own.stop(tuple(reversed(started)))


@pytest.fixture(autouse=True)
def _stored(pair: tuple[Service, Service]) -> None:
    """Both begin with the same two items."""
    for service in pair:
        service.empty()
        service.store(*STORED)


def essence(answer: Answer) -> object:
    allow = sorted(name.strip() for name in answer.headers.get("allow", "").split(","))
    body: object = answer.body
    if answer.media_type == PROBLEM:
        body = without_messages(answer.json())
    elif answer.media_type == JSON and body:
        body = answer.json()
    kind = answer.media_type if answer.body else ""  # of nothing, each framework has its own
    return answer.status, kind, allow, body


def assert_equal(pair: tuple[Service, Service], method: str, path: str,
                 body: bytes | None = None, content_type: str | None = JSON) -> None:  # fmt: skip
    """One request, sent to both, is answered equally."""
    wanted, found = (essence(service.ask(method, path, body, content_type)) for service in pair)
    assert found == wanted


def test_items_are_answered_and_stored_equally(pair, each):
    """Ordinary bodies, good and bad, on each route; a story of operations; the rows at its end."""
    for case in [*SAMPLE_OF_BAD, *SAMPLE_OF_GOOD]:
        for method, path, _ in WRITES:
            with each(f"{method} {path} {case.name}"):
                assert_equal(pair, method, path, case.body, case.content_type)
    for number, step in enumerate(story(steps=60, seed=20)):
        if step.kind == "replace" and step.item is None:
            continue  # a faulty body for an item that may be gone: which is told is left open
        with each(f"step {number}: {step.request}"):
            assert_equal(pair, *step.request)
    standard, rung = pair
    assert rung.rows() == standard.rows() != []


def test_paths_and_parameters_are_answered_equally(pair, each):
    """Each method on each path, reads of all kinds, ids that are none, numbers that are none."""
    for method, path, *_ in [*ROUTES, *REFUSED]:
        if method in LEFT_TO_FRAMEWORKS or path == "/readyz":
            continue
        with each(f"{method} {path}"):
            assert_equal(pair, method, path, VALID if method in {"POST", "PUT", "PATCH"} else None)
    ids = [f"/items/{text}" for text in (*NO_IDS, *UNKNOWN_IDS, *LONG_IDS)]
    for path in (*READS, *ids, *UNKNOWN_PATHS):
        with each(path):
            assert_equal(pair, "GET", path)
    for text in (*NO_NUMBERS, *LARGE, "0", "1", "1000", "1001", "007"):
        with each(text):
            assert_equal(pair, "GET", f"/items/?offset={text}&limit={text}")


def test_there_are_rungs() -> None:
    """Each standard framework has all of them."""
    names = {rung.name for rung in RUNGS}
    layers = ("driver", "core", "orm", "unchecked")
    assert names == {f"{standard.framework}-{layer}" for standard in STANDARD for layer in layers}
    assert len(STANDARD) >= 3
