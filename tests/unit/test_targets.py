"""Targets are found in services/, and mistakes in their files are told."""

from pathlib import Path

import pytest

from bench.errors import SetupError, UsageError
from bench.model import Target
from bench.targets import (
    MORE_SERVICES,
    SERVICES,
    choose_targets,
    known_targets,
    read_targets,
    select_targets,
)

GOOD = """
name = "{name}"
label = "Bottle"

[database]
name = "testdb_bottle"
port = {database}

[commands]
migrate = ["true"]
serve = ["{{python}}", "-m", "bottle"]

[versions]
packages = ["bottle"]

[targets.{name}]
mode = "standard"
contract = "core"
port = {http}
"""

VARIANT = """
[targets.bottle-on-stilts]
label = "Bottle, high"
mode = "tuned"
contract = "strict"
port = 9001
serve = ["{python}", "stilts.py"]
migrate = ["false"]
packages = ["stilts"]
environment = { HEIGHT = "2" }
compared_with = ["bottle"]
"""


def service(root: Path, name: str, http: int = 9000, database: int = 9432, more: str = "") -> Path:
    folder = root / name
    folder.mkdir(parents=True)
    path = folder / "service.toml"
    path.write_text(GOOD.format(name=name, http=http, database=database) + more)
    return path


def test_the_promised_addresses_are_kept() -> None:
    """Names, ports and databases are what the original's users know."""
    found = {t.name: (t.http_port, t.database_name, t.database_port) for t in known_targets()}
    promised = {
        "fastapi": (8000, "testdb_fastapi", 5432),
        "flask": (5000, "testdb_flask", 5433),
        "drf": (8001, "testdb_drf", 5434),
    }
    assert {name: found[name] for name in promised} == promised


def test_a_folder_with_a_service_file_is_a_framework(tmp_path: Path) -> None:
    """Adding a framework is adding a folder: nothing lists them."""
    service(tmp_path, "bottle")
    (target,) = known_targets(services=tmp_path)
    assert (target.name, target.framework, target.http_port) == ("bottle", "bottle", 9000)
    assert (target.directory, target.variant) == (tmp_path / "bottle", "")


def test_a_name_may_have_hyphens(tmp_path: Path) -> None:
    """A framework is named as its users know it."""
    service(tmp_path, "django-ninja")
    (target,) = known_targets(services=tmp_path)
    assert (target.name, target.variant) == ("django-ninja", "")


def test_a_variant_has_a_database_of_its_own_and_takes_the_rest_over(tmp_path: Path) -> None:
    """What its table says is its own; what it leaves out is its framework's."""
    service(tmp_path, "bottle", more=VARIANT)
    plain, variant = known_targets(services=tmp_path)
    assert (variant.framework, variant.variant) == ("bottle", "on-stilts")
    assert (plain.database_name, variant.database_name) == (
        "testdb_bottle",
        "testdb_bottle_on_stilts",
    )
    assert plain.database_port == variant.database_port
    assert (plain.label, variant.label) == ("Bottle", "Bottle, high")
    assert (plain.mode, variant.mode) == ("standard", "tuned")
    assert (plain.contract, variant.contract) == ("core", "strict")
    assert (plain.serve[-1], variant.serve[-1]) == ("bottle", "stilts.py")
    assert (plain.migrate, variant.migrate) == (("true",), ("false",))
    assert (plain.packages, variant.packages) == (("bottle",), ("bottle", "stilts"))
    assert (plain.environment, variant.environment) == ({}, {"HEIGHT": "2"})
    assert (plain.compared_with, variant.compared_with) == ((), ("bottle",))


def test_targets_keep_the_order_of_their_file(tmp_path: Path) -> None:
    """Frameworks come by the ports of their databases, their targets as they are written."""
    service(tmp_path, "anvil", http=9010, database=9500)
    service(tmp_path, "bottle", more=VARIANT)
    names = [target.name for target in known_targets(services=tmp_path)]
    assert names == ["bottle", "bottle-on-stilts", "anvil"]


def test_frameworks_in_other_folders_are_found_beside_the_lab_s_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ONECORE_SERVICES adds folders, so that nothing needs to be put into this one."""
    for name, http, database in (("one", 9010, 9500), ("two", 9011, 9501)):
        service(tmp_path / f"of-{name}", name, http, database)
    here = known_targets(services=SERVICES)
    monkeypatch.setenv(MORE_SERVICES, f"{tmp_path}/of-one:{tmp_path}/of-two")
    added = set(known_targets()) - set(here)
    assert {target.name for target in added} == {"one", "two"}
    monkeypatch.setenv(MORE_SERVICES, f"{tmp_path}/nowhere")
    with pytest.raises(UsageError, match="nowhere"):
        known_targets()


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


@pytest.mark.parametrize(
    ("http", "database"), [(9000, 9433), (9010, 9432), (9010, 9000)], ids=["http", "db", "mixed"]
)
def test_two_servers_on_one_port_are_refused(tmp_path: Path, http: int, database: int) -> None:
    """A copied service.toml is told at once, not when the second one fails to bind."""
    service(tmp_path, "one")
    service(tmp_path, "two", http, database)
    with pytest.raises(SetupError, match="share a port"):
        known_targets(services=tmp_path)


def test_two_targets_of_one_name_are_refused(tmp_path: Path) -> None:
    """One name means one target, whichever folder or framework it comes from."""
    service(tmp_path, "bottle", more=VARIANT)
    service(tmp_path, "bottle-on-stilts", http=9010, database=9500)
    with pytest.raises(SetupError, match="share the name 'bottle-on-stilts'"):
        known_targets(services=tmp_path)


def test_a_comparison_with_nobody_is_refused(tmp_path: Path) -> None:
    """A mistyped name in compared_with would silently compare nothing."""
    service(tmp_path, "bottle", more=VARIANT.replace('["bottle"]', '["botle"]'))
    with pytest.raises(SetupError, match="compared_with names botle"):
        known_targets(services=tmp_path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('name = "bottle"', 'name = "other"'),
        ("port = 9000", "port = 0"),
        ("label", "lable"),
        ("[database]", "[database"),
        ("[targets.bottle]", "[targets.flask]"),
        ("[targets.bottle]", "[targets.bottlenose]"),
        ("[targets.bottle]", "[targets.bottle-]"),
        ('"standard"', '"usual"'),
        ('contract = "core"', ""),
        ('serve = ["{python}", "-m", "bottle"]', ""),
        ("testdb_bottle", "testdb-bottle"),
    ],
)
def test_a_wrong_service_file_is_named(tmp_path: Path, old: str, new: str) -> None:
    """The error names the file, whatever is wrong with it."""
    path = service(tmp_path, "bottle")
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(SetupError, match=r"service\.toml"):
        read_targets(path)


def test_a_taken_name_is_refused(tmp_path: Path) -> None:
    """A framework named `all` could never be chosen, and `postgres` is a unit already."""
    for name in ("all", "postgres", "postgres-rest"):
        path = service(tmp_path, name)
        with pytest.raises(SetupError, match="is taken"):
            read_targets(path)


@pytest.fixture
def nine(tmp_path: Path) -> tuple[Target, ...]:
    """Two frameworks with a standard, an alternative and a tuned target, and an engine."""
    for place, name in enumerate(("bottle", "web")):
        table = '\n[targets.{0}-{1}]\nmode = "{2}"\ncontract = "core"\nport = {3}\n'
        more = [
            table.format(name, variant, mode, 9010 + 10 * place + at)
            for at, (variant, mode) in enumerate((("async", "standard"), ("tuned", "tuned")))
        ]
        service(tmp_path, name, 9000 + place, 9432 + place, "".join(more))
    engine = service(tmp_path, "bare", 9002, 9434)
    engine.write_text(engine.read_text().replace('"standard"', '"engine"'))
    return known_targets(services=tmp_path)


@pytest.mark.parametrize(
    ("names", "mode", "chosen"),
    [
        ((), "", "bottle web"),
        (("web-tuned", "bare"), "", "web-tuned bare"),
        (("all",), "", "bottle bottle-async bottle-tuned web web-async web-tuned bare"),
        ((), "standard", "bottle bottle-async web web-async"),
        ((), "tuned", "bottle-tuned web-tuned"),
        (("all",), "engine", "bare"),
        (("web", "web-async"), "standard", "web web-async"),
    ],
)
def test_what_is_chosen(
    nine: tuple[Target, ...], names: tuple[str, ...], mode: str, chosen: str
) -> None:
    """By default what each framework is known for; by name; or all of a mode."""
    assert [target.name for target in choose_targets(nine, names, mode)] == chosen.split()


@pytest.mark.parametrize(
    ("names", "mode", "words"),
    [
        (("web", "bare"), "standard", "exclude each other: bare is engine"),
        ((), "fast", "there is no mode 'fast'"),
        (("nope",), "tuned", "unknown framework 'nope'"),
    ],
)
def test_a_choice_that_contradicts_itself_is_refused(
    nine: tuple[Target, ...], names: tuple[str, ...], mode: str, words: str
) -> None:
    """Nobody gets half of what was asked, or something else; the remedy is there."""
    with pytest.raises(UsageError, match=words) as caught:
        choose_targets(nine, names, mode)
    assert caught.value.exit_code == 2
    assert caught.value.remedy


def test_a_mode_that_nothing_has_is_told_with_what_there_is(nine: tuple[Target, ...]) -> None:
    """An empty choice would measure nothing, or everything."""
    with pytest.raises(UsageError, match="no target is engine here") as caught:
        choose_targets(nine[:2], (), "engine")
    assert caught.value.remedy == "There are: bottle (standard), bottle-async (standard)."


def test_engines_alone_are_chosen_where_there_is_nothing_else(nine: tuple[Target, ...]) -> None:
    """Somebody's own folder may hold no more."""
    assert [target.name for target in choose_targets(nine[-1:], ())] == ["bare"]


def test_selection_keeps_registry_order_and_names_the_unknown() -> None:
    """A mistyped framework is told together with the known ones."""
    targets = known_targets()
    assert [t.name for t in select_targets(targets, ("drf", "fastapi"))] == ["fastapi", "drf"]
    assert select_targets(targets, ()) == targets
    with pytest.raises(UsageError) as caught:
        select_targets(targets, ("nope",))
    assert "nope" in caught.value.message
    known = ", ".join(target.name for target in targets)
    assert caught.value.remedy == f"Known frameworks: {known}."
    assert caught.value.exit_code == 2


def test_a_description_of_before_there_were_modes_is_read_where_it_is_asked_for(
    tmp_path: Path,
) -> None:
    """Its one service is what is called tuned now. Elsewhere it is a mistake."""
    path = service(tmp_path, "bottle")
    text = path.read_text().partition("[targets.bottle]")[0]
    path.write_text(text.replace("[database]", "[http]\nport = 9000\n\n[database]"))
    (found,) = read_targets(path, former=True)
    assert (found.name, found.mode, found.http_port) == ("bottle-tuned", "tuned", 9000)
    with pytest.raises(SetupError, match="http"):
        read_targets(path)


def test_settings_are_those_of_the_framework(tmp_path: Path) -> None:
    """Every target of it has them; a name that no variable can have is a mistake."""
    more = '\n[settings]\nTHREADS = "threads (20)"\n'
    (found,) = read_targets(service(tmp_path, "bottle", more=more))
    assert found.settings == {"THREADS": "threads (20)"}
    with pytest.raises(SetupError, match="threads"):
        read_targets(service(tmp_path, "flagon", more=more.replace("THREADS", "threads")))
