"""Loading the data set: every target starts from the same rows, or not at all."""

import psycopg2
import pytest

from bench import dataset
from bench.database.admin import Admin
from bench.errors import DatabaseFailed
from bench.experiment.lab import Lab
from bench.model import Target

from .conftest import create, get


def test_loaded_rows_are_the_data_set(lab: Lab, target: Target, admin: Admin) -> None:
    """After load_rows the service serves exactly the rows that the generator expects."""
    admin.load_rows(300)
    for item_id in (1, 299, 300):
        assert get(lab, target, f"/items/{item_id}") == {"id": item_id, **dataset.row(item_id)}
        assert admin.fetch_item(item_id) == {"id": item_id, **dataset.row(item_id)}
    assert admin.fetch_item(301) is None


def test_every_cell_starts_from_the_same_state(admin: Admin) -> None:
    """Loading again forgets what was there, the next id and the statistics included."""
    admin.load_rows(10)
    admin.load_rows(5)
    assert admin.fetch_item(6) is None
    assert admin.totals().statements == {}


def test_new_ids_follow_the_loaded_rows(lab: Lab, target: Target, admin: Admin) -> None:
    """The first created item gets the id after the last loaded row; without rows, 1."""
    for rows in (7, 0):
        admin.load_rows(rows)
        assert create(lab, target) == rows + 1


class CutShort:
    """A connection, and its cursor, that is interrupted after `left` statements."""

    def __init__(self, connection: psycopg2.extensions.connection, left: int) -> None:
        self._cursor = connection.cursor()
        self._left = left

    def cursor(self) -> "CutShort":
        return self

    def __enter__(self) -> "CutShort":
        return self

    def __exit__(self, *_: object) -> None:
        self._cursor.close()

    def _count(self) -> None:
        if not self._left:
            raise KeyboardInterrupt
        self._left -= 1

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount

    def execute(self, *statement: object) -> None:
        self._count()
        self._cursor.execute(*statement)

    def copy_expert(self, *copy: object) -> None:
        self._count()
        self._cursor.copy_expert(*copy)


def test_loading_that_was_cut_short_leaves_a_table_that_works(
    lab: Lab, target: Target, admin: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever a lab is killed while it loads rows, the service can create items afterwards."""
    connection = admin._items()
    for statements in range(6):
        admin.load_rows(0)
        with monkeypatch.context() as patch:
            cut = CutShort(connection, statements)
            patch.setattr(admin, "_items", lambda cut=cut: cut)
            with pytest.raises(KeyboardInterrupt):
                admin.load_rows(50)
        assert create(lab, target) > 0


def test_a_data_set_that_was_not_taken_whole_is_refused(admin: Admin) -> None:
    """All targets start from the same rows, or not at all."""
    connection = admin._items()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN RETURN CASE WHEN NEW.id = 3 THEN NULL ELSE NEW END; END'"
        )
        cursor.execute(
            "CREATE TRIGGER lose BEFORE INSERT ON items FOR EACH ROW EXECUTE FUNCTION lose()"
        )
        try:
            with pytest.raises(DatabaseFailed, match="took 4 rows of 5"):
                admin.load_rows(5)
        finally:
            cursor.execute("DROP FUNCTION lose() CASCADE")
    admin.load_rows(5)
