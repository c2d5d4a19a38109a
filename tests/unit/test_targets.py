"""Targets are found in services/, and mistakes in their files are told."""

from pathlib import Path

import pytest

from bench.errors import SetupError, UsageError
from bench.targets import known_targets, read_target, select_targets

GOOD = """
name = "{name}"
label = "Bottle"
[http]
port = {http}
[database]
name = "testdb_{name}"
port = {database}
[commands]
migrate = ["true"]
serve = ["{{python}}", "-m", "bottle"]
[versions]
packages = ["bottle"]
"""


def service(root: Path, name: str, http: int = 9000, database: int = 9432) -> Path:
    folder = root / name
    folder.mkdir()
    path = folder / "service.toml"
    path.write_text(GOOD.format(name=name, http=http, database=database))
    return path


def test_the_three_are_known_with_their_promised_addresses() -> None:
    """Names, ports and databases are what the original's users know, in that order."""
    found = [(t.name, t.http_port, t.database_name, t.database_port) for t in known_targets()]
    assert found == [
        ("fastapi", 8000, "testdb_fastapi", 5432),
        ("flask", 5000, "testdb_flask", 5433),
        ("drf", 8001, "testdb_drf", 5434),
    ]


def test_a_folder_with_a_service_file_is_a_target(tmp_path: Path) -> None:
    """Adding a framework is adding a folder: nothing lists them."""
    service(tmp_path, "bottle")
    (target,) = known_targets(services=tmp_path)
    assert (target.name, target.http_port, target.directory) == (
        "bottle",
        9000,
        tmp_path / "bottle",
    )


def test_ports_move_as_a_block() -> None:
    """PORT_OFFSET moves every port by the same amount."""
    for here, moved in zip(known_targets(), known_targets(1000), strict=True):
        assert moved.http_port == here.http_port + 1000
        assert moved.database_port == here.database_port + 1000


@pytest.mark.parametrize("offset", [-5000, -4000, 60000])
def test_an_impossible_offset_is_a_usage_error(offset: int) -> None:
    """An offset that leaves 1024..65535 is refused before anything starts."""
    with pytest.raises(UsageError, match=r"out of 1024\.\.65535"):
        known_targets(offset)


def test_two_services_on_one_port_are_refused(tmp_path: Path) -> None:
    """A copied service.toml is told at once, not when the second one fails to bind."""
    service(tmp_path, "one")
    service(tmp_path, "two", database=9433)
    with pytest.raises(SetupError, match="share a port"):
        known_targets(services=tmp_path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('name = "bottle"', 'name = "other"'),
        ("port = 9000", "port = 0"),
        ("label", "lable"),
        ("[http]", "[http"),
    ],
)
def test_a_wrong_service_file_is_named(tmp_path: Path, old: str, new: str) -> None:
    """The error names the file, whatever is wrong with it."""
    path = service(tmp_path, "bottle")
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(SetupError, match=r"service\.toml"):
        read_target(path)


def test_selection_keeps_registry_order_and_names_the_unknown() -> None:
    """A mistyped framework is told together with the known ones."""
    targets = known_targets()
    assert [t.name for t in select_targets(targets, ("drf", "fastapi"))] == ["fastapi", "drf"]
    assert select_targets(targets, ()) == targets
    with pytest.raises(UsageError) as caught:
        select_targets(targets, ("nope",))
    assert "nope" in caught.value.message
    assert caught.value.remedy == "Known frameworks: fastapi, flask, drf."
    assert caught.value.exit_code == 2
