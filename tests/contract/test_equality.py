"""The same request gets the same answer from every target of the strict level."""

import pytest

from .answer import JSON, Answer
from .bodies import SAMPLE_OF_BAD, SAMPLE_OF_GOOD, VALID
from .problem import without_messages
from .routes import REFUSED, ROUTES, WRITES
from .service import Service
from .story import story
from .test_ids import LONG_IDS, NEARLY_IDS, NO_IDS, UNKNOWN_IDS
from .test_list import LARGE, LARGEST, NEARLY_NUMBERS, NO_NUMBERS
from .test_routes import UNKNOWN_TO_STRICT_ONES

STORED = (("First", "one", 1.25, True), ("S\u00e9cond", "", 1e9, False))
READS = (
    "/items", "/items/", "/items?limit=1", "/items/?offset=1", "/items?offset=5", "/items/1",
    "/items/2/", "/items/002", "/ping", "/items/?limit=x&offset=x", "/items?offset=-1",
)  # fmt: skip


@pytest.fixture
def stored(strict_services: list[Service]) -> list[Service]:
    """All of them, each with the same two items."""
    if len(strict_services) < 2:
        pytest.skip("there is only one target to compare")
    for service in strict_services:
        service.store(*STORED)
    return strict_services


def essence(answer: Answer) -> object:
    """What has to be equal: every byte of the body, except for the wording of errors."""
    allow = sorted(name.strip() for name in answer.headers.get("allow", "").split(","))
    body: object = answer.body
    if answer.status == 422 and answer.body:
        problem = without_messages(answer.json())
        body = list(problem.items())
    return answer.status, answer.content_type, allow, body


def assert_equal(services: list[Service], method: str, path: str, body: bytes | None = None,
                 content_type: str | None = JSON) -> None:  # fmt: skip
    """One request, sent to all of them, is answered equally."""
    answers = {
        service.name: essence(service.ask(method, path, body, content_type)) for service in services
    }
    first, *others = answers.values()
    assert all(other == first for other in others), answers


# test_bodies.py holds every answer to a body against the one that the contract wants. Here one
# case of each kind is enough to see that the answers are also equal in what it does not look at.
SAMPLE = [*SAMPLE_OF_BAD, *SAMPLE_OF_GOOD]


def test_bodies_are_answered_equally(stored, each):
    """An ordinary body, good or bad, is answered equally on each route and stored equally."""
    for case in SAMPLE:
        with each(case.name):
            for method, path, _ in WRITES:
                assert_equal(stored, method, path, case.body, case.content_type)
    first, *others = [service.rows() for service in stored]
    assert all(other == first for other in others)


def test_reads_are_answered_equally(stored, each):
    """GET and HEAD of anything are answered equally."""
    for path in READS:
        with each(path):
            assert_equal(stored, "GET", path)
            assert_equal(stored, "HEAD", path)


def test_all_routes_are_answered_equally(stored):
    """Every method on every path, known or refused, is answered equally."""
    for method, path, *_ in [*ROUTES, *REFUSED]:
        if path == "/readyz" and method == "GET":
            continue  # it tells each service's own versions
        assert_equal(stored, method, path, b"{}" if method in {"POST", "PUT", "PATCH"} else None)


def test_faulty_paths_are_answered_equally(stored):
    """Unknown paths, ids that are none and unknown ids are answered equally."""
    ids = [f"/items/{text}" for text in (*NO_IDS, *NEARLY_IDS, *UNKNOWN_IDS, *LONG_IDS)]
    for path in (*UNKNOWN_TO_STRICT_ONES, *ids, "/items/x/", "/items/999/"):
        assert_equal(stored, "GET", path)
    for path in ids[::5]:
        assert_equal(stored, "PUT", path, VALID)


def test_faulty_parameters_are_answered_equally(stored):
    """Any limit and offset, alone or together, are answered equally."""
    for text in (*NO_NUMBERS, *NEARLY_NUMBERS, *LARGE, "0", "1", "1000", "1001", "007"):
        assert_equal(stored, "GET", f"/items/?offset={text}&limit={text}")
    assert_equal(stored, "GET", f"/items?limit={LARGEST}")


def test_a_long_story_is_answered_equally(stored):
    """A long random sequence of operations, some of them faulty, leaves the same table behind."""
    for step in story(steps=100, seed=20):
        assert_equal(stored, *step.request)
    first, *others = [service.rows() for service in stored]
    assert first
    assert all(other == first for other in others)
