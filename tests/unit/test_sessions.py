"""Which process of a server serves which database."""

import pytest

from bench.database.sessions import served_database


@pytest.mark.parametrize(
    ("title", "database"),
    [
        (b"postgres: testuser testdb_drf 127.0.0.1(51870) idle\0", "testdb_drf"),
        (b"postgres: testuser testdb_drf_tuned 127.0.0.1(51870) SELECT\0", "testdb_drf_tuned"),
        (b"postgres: testuser testdb_drf 127.0.0.1(51870) idle in transaction\0", "testdb_drf"),
        (b"postgres: postgres testdb_drf [local] idle\0", "testdb_drf"),
        (b"postgres: io worker 0\0", ""),
        (b"postgres: checkpointer \0", ""),
        (b"postgres: logical replication launcher \0", ""),
        (b"postgres: autovacuum worker testdb_drf\0", ""),
        (b"/usr/lib/postgresql/18/bin/postgres\0-D\0/data (1) x\0", ""),
        (b"", ""),
    ],
)
def test_a_title_tells_whom_it_serves(title: bytes, database: str) -> None:
    """Clients have an address; what the server does on its own has none."""
    assert served_database(title) == database
