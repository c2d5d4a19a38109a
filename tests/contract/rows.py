"""Rows of a table, all tried in one test, each on its own.

pytest's own way (a test or a subtest for each row) costs more than a request does, and there are
thousands. A row that fails here is told by its name, and the others are tried all the same.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

Each = Callable[[str], AbstractContextManager[None]]

_FAILED = pytest.StashKey[list[Exception]]()


@pytest.fixture
def each(request: pytest.FixtureRequest) -> Each:
    """A block that may fail without ending the test: `with each(row.name):`."""
    failed = request.node.stash.setdefault(_FAILED, [])

    @contextmanager
    def row(name: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # noqa: BLE001  whatever it is, it fails the test at its end
            error.add_note(f"in the row {name!r}")
            failed.append(error)

    return row


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """A test fails when a row has failed, with all of those that did."""
    failed = pyfuncitem.stash.setdefault(_FAILED, [])
    result: object = None
    try:
        result = yield
    except Exception as error:  # noqa: BLE001  raised again below
        failed.append(error)
    if len(failed) == 1:
        raise failed[0]
    if failed:
        raise ExceptionGroup(f"{len(failed)} rows fail", failed)
    return result
