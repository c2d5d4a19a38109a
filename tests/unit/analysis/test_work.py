"""Whether a window was the work that it was taken for."""

import pytest

from bench.analysis.diagnostics import (
    database_changed,
    standstill,
    work_off,
    workers_replaced,
)
from bench.model import LoadResult, QueryCounts, Statement
from tests.unit.factories import distribution, load_result

ROWS = {"list": 100}


def load(uncounted: int = 0, **counts: int) -> LoadResult:
    latency = {name: distribution([0.01] * count) for name, count in counts.items()}
    return load_result(sum(counts.values()), latency=latency, uncounted=uncounted)


def did(calls: int, rows: int, commits: int | None = None, added: int | None = None) -> QueryCounts:
    return QueryCounts((Statement("a statement", calls, rows),), commits, added)


HONEST = {
    "create": (load(create=50), did(100, 50, 50, 50)),
    "create with lead-ins": (load(create=50, uncounted=10), did(120, 60, 60, 60)),
    "delete": (load(delete=50), did(50, 50, 50, -50)),
    "update": (load(update=50), did(50, 50, 50, 0)),
    "read": (load(read=50), did(50, 50, 0, 0)),
    "list": (load(list=5), did(5, 500, 0, 0)),
    "mixed": (load(create=4, delete=2, list=1), did(7, 106, 6, 2)),
    "mixed with lead-ins": (load(create=4, delete=2, uncounted=9), did(15, 15, 15, 5)),
    "echo": (load(echo=50), did(0, 0, 0, 0)),
    "not counted": (load(create=50), did(100, 50)),
}


@pytest.mark.parametrize(("answered", "done"), HONEST.values(), ids=HONEST)
def test_what_was_done_is_no_diagnostic(answered: LoadResult, done: QueryCounts) -> None:
    """More statements than requests are usual; fewer are not."""
    assert work_off(answered, done, ROWS) == ()
    assert work_off(answered, None, ROWS) == ()


LIES = {
    "nothing stored": (load(create=50), did(50, 50, 0, 0), "50 writes were answered, and 0 comm"),
    "one lost": (load(create=50), did(50, 50, 50, 49), "+49 rows, and what was answered makes +50"),
    "twice": (load(create=50), did(100, 100, 100, 100), "the table has +100 rows"),
    "not asked": (load(read=50), did(3, 50, 0, 0), "the database was asked 3 times"),
    "from memory": (load(list=50), did(50, 50, 0, 0), "gave 50 rows"),
    "lead-ins alone": (load(create=50, uncounted=10), did(60, 60, 50, 60), "60 writes"),
    "batched": (load(update=50), did(50, 50, 1, 0), "1 committed"),
    "not deleted": (load(delete=50), did(50, 50, 50, 0), "makes -50"),
}


@pytest.mark.parametrize(("answered", "done", "words"), LIES.values(), ids=LIES)
def test_an_answer_without_its_work_is_no_figure(
    answered: LoadResult, done: QueryCounts, words: str
) -> None:
    """Whatever of statements, rows, commits and the table does not add up."""
    (told,) = work_off(answered, done, ROWS)
    assert told.code == "other-work"
    assert told.severity == "invalid"
    assert words in told.message


def test_users_may_have_done_more_than_was_counted() -> None:
    """Those who were stopped amid a request: the database can only have done too little."""
    more = did(60, 60, 60, 60)
    assert work_off(load(create=50), more, ROWS, exact=False) == ()
    assert work_off(load(create=50), more, ROWS) != ()
    assert work_off(load(create=50), did(60, 60, 40, 60), ROWS, exact=False) != ()


def test_what_failed_may_have_been_done() -> None:
    """A request that timed out may have stored its row; that window is invalid anyway."""
    failed = load_result(50, latency={"create": distribution([0.01] * 50)}, failures={"timeout": 3})
    assert work_off(failed, did(53, 53, 53, 53), ROWS) == ()


@pytest.mark.parametrize(
    ("held_up_s", "longer_s", "mean_s", "code"),
    [
        (0.1, 0.2, 0.01, ""),
        (None, 0.2, 0.01, ""),
        (20.0, 20.0, 0.01, "generator-stopped"),
        (0.1, 15.0, 0.01, "stood-still"),
        (None, 15.0, 0.01, "stood-still"),
        (0.1, 3.5, 1.0, ""),
    ],
    ids=["usual", "unwatched", "generator", "app", "unwatched app", "slow answers"],
)
def test_a_standstill_is_told_with_whose_it_was(
    held_up_s: float | None, longer_s: float, mean_s: float, code: str
) -> None:
    """The generator's own is not charged to a target; a slow service may need its last answers."""
    seen = load_result(10, latency={"read": distribution([mean_s] * 10)}, held_up_s=held_up_s)
    found = standstill(seen, longer_s)
    assert [diagnostic.code for diagnostic in found] == [code] * bool(code)
    assert all(diagnostic.severity == "invalid" for diagnostic in found)


def test_a_busy_machine_is_a_doubt_and_hides_no_standstill() -> None:
    """Half a second without the generator weakens a window; 4 s without an answer spoil it."""
    seen = load_result(10, latency={"read": distribution([0.01] * 10)}, held_up_s=0.5)
    (told,) = standstill(seen, 0.5)
    assert (told.code, told.severity) == ("generator-stopped", "doubt")
    assert [diagnostic.code for diagnostic in standstill(seen, 4.0)] == [
        "generator-stopped",
        "stood-still",
    ]


def test_the_standstill_itself_is_not_what_is_usual() -> None:
    """Twenty answers that took 4 s, among few: their mean would excuse it."""
    times = distribution([0.02] * 60 + [4.0] * 20)
    (told,) = standstill(load_result(80, latency={"read": times}), 4.0)
    assert told.code == "stood-still"


def test_replaced_workers_are_told() -> None:
    """In a window they spoil it; between two the figure is one of fresh processes."""
    assert workers_replaced(within=False, before=False) == ()
    (told,) = workers_replaced(within=True, before=True)
    assert told.severity == "invalid"
    (told,) = workers_replaced(within=False, before=True)
    assert told.severity == "doubt"


def test_a_database_that_is_another_now_is_told() -> None:
    """An index, a column, a setting: by name, with what it was."""
    begun = {"indexes": "btree (id)", "work_mem": "4MB"}
    assert database_changed(begun, dict(begun)) == ()
    assert database_changed({}, begun) == ()  # nobody knows
    (told,) = database_changed(begun, {"indexes": "", "work_mem": "4MB", "column x": "text"})
    assert told.severity == "invalid"
    assert "indexes is , and was btree (id)" in told.message
    assert "column x is text, and was not there" in told.message
