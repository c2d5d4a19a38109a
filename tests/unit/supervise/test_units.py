"""From templates to unit files: what is filled in, renamed, left out and noticed."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench.errors import SetupError
from bench.model import Unit
from bench.supervise.systemd.units import (
    Local,
    environment_names,
    foreign_variables,
    hidden_folders,
    lab_drop_in,
    lab_name,
    marks,
    quoted,
    read_templates,
    render,
    shared_files,
    systemd_name,
    template_files,
    to_show,
)

ROOT = Path(__file__).parents[3]
TEMPLATES = read_templates(ROOT / "systemd")
LOCAL = Local(Path("/srv/onecore/.lab/default"), cpuset=True)
VALUES = {
    "root": "/srv/onecore",
    "python": sys.executable,
    "pg_bin": "/usr/bin",
    "state": "/srv/onecore/.lab/default",
    "host": "127.0.0.1",
    "user": "onecore",
    "flock": "/usr/bin/flock",
    "systemctl": "/usr/bin/systemctl",
    "scope": "system",
}


def app_unit(service: str, /, **changes: object) -> Unit:
    unit = Unit(
        name=f"onecore-{service}",
        command=(sys.executable, "-m", "server", "--port", "8000"),
        directory=ROOT / "services" / service.partition("-")[0],
        environment={"DATABASE_URL": "postgresql://testuser@127.0.0.1/x"},
        cpus=(3,),
        port=8000,
        prepare=((sys.executable, "migrate.py"),),
        template="onecore-app@",
        needs=(f"onecore-postgres-{service.partition('-')[0]}",),
    )
    return replace(unit, **changes)  # type: ignore[arg-type]


def postgres_unit(name: str) -> Unit:
    return app_unit(name, name=f"onecore-postgres-{name}", template="onecore-postgres@", needs=())


def files_of(unit: Unit, lab: str = "onecore", *, root: bool = True) -> dict[str, str]:
    """All files that describe a unit, the lab's drop-in included."""
    files = shared_files(TEMPLATES, VALUES, lab, root=root)
    files |= template_files(unit, TEMPLATES, VALUES, lab, root=root)
    name = systemd_name(unit.name, lab, TEMPLATES)
    needed = [systemd_name(each, lab, TEMPLATES) for each in unit.needs]
    return {**files, f"{name}.d/90-lab.conf": lab_drop_in(unit, LOCAL, files, needed)}


def settings(text: str, name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", text, re.MULTILINE)


# --- the templates themselves -----------------------------------------------------------------


def test_an_app_runs_what_its_service_toml_says() -> None:
    """Both supervisors run the same commands in the same folder, migrations and server alike."""
    unit = app_unit("flask", command=("/bin/serve", "a b", "$X", "100%"), prepare=(("/bin/up",),))
    files = files_of(unit)
    text = files["onecore-app@flask.service.d/90-lab.conf"]
    assert settings(text, "ExecStart") == ['"/bin/serve" "a b" "$$X" "100%%"']
    assert settings(text, "ExecStartPre") == ['"/bin/up"']
    assert settings(text, "WorkingDirectory") == [str(ROOT / "services" / "flask")]
    assert not settings(files["onecore-app@.service"], "ExecStart")


def test_an_app_waits_for_the_database_that_it_shares() -> None:
    """That of its framework, whichever of its targets it is; in another lab the other lab's."""
    for lab in ("onecore", "onecore_7"):
        for name in ("flask", "flask-tuned"):
            text = files_of(app_unit(name), lab)[f"{lab}-app@{name}.service.d/90-lab.conf"]
            assert settings(text, "After") == [f"{lab}-postgres@flask.service"]
            assert settings(text, "Wants") == [f"{lab}-postgres@flask.service"]


def test_a_database_runs_what_its_template_says() -> None:
    """Its command line is the same for all: the drop-in has none."""
    text = files_of(postgres_unit("drf"))["onecore-postgres@drf.service.d/90-lab.conf"]
    assert not settings(text, "ExecStart")
    assert not settings(text, "After")


def test_templates_name_no_machine() -> None:
    """No CPU, no port, and no path but the system's own shell."""
    for path, text in TEMPLATES.items():
        lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
        assert "CPUAffinity" not in lines, path
        assert "AllowedCPUs" not in lines, path
        assert not re.search(r"\b(8000|8001|5000|543[234])\b", lines), path
        homes = re.findall(r"(?<![\w@$}/])/(?:home|root|srv|usr|opt|nix|tmp)\b\S*", lines)
        assert not homes, path


@pytest.mark.parametrize("path", [path for path in TEMPLATES if path.endswith(".service")])
def test_every_placeholder_is_known(path: str) -> None:
    """What a template asks for, the lab knows."""
    assert "@python@" not in render(TEMPLATES[path], VALUES, "onecore")


# --- rendering --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("offset", "name"), [(0, "onecore"), (2000, "onecore_2000"), (-10, "onecore_m10")]
)
def test_a_lab_on_other_ports_has_other_names(offset: int, name: str) -> None:
    """Labs that can run side by side have no unit name in common."""
    assert lab_name(offset) == name


def test_the_other_name_is_used_throughout() -> None:
    """Files, slice, target and dependencies are all the other lab's; paths are not touched."""
    values = {**VALUES, "root": "/srv/onecore-main"}
    files = shared_files(TEMPLATES, values, "onecore_7", root=True)
    for unit in (app_unit("drf"), postgres_unit("drf")):
        files |= template_files(unit, TEMPLATES, values, "onecore_7", root=True)
    assert {path.split("/")[0].split("-")[0].split(".")[0] for path in files} == {"onecore_7"}
    text = "\n".join(files.values())
    assert "Slice=onecore_7.slice" in text
    assert "PartOf=onecore_7.target" in text
    assert "config_file=/srv/onecore-main/services/postgresql.conf" in text


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("onecore-drf", "onecore-app@drf.service"),
        ("onecore-drf-tuned", "onecore-app@drf-tuned.service"),
        ("onecore-postgres-drf", "onecore-postgres@drf.service"),
        ("onecore-postgres-selftest_a", "onecore-postgres@selftest_a.service"),
    ],
)
def test_apps_and_databases_are_instances_of_a_template_each(name: str, unit: str) -> None:
    """The lab's name of a unit tells systemd's."""
    assert systemd_name(name, "onecore", TEMPLATES) == unit


def test_an_unknown_placeholder_is_refused() -> None:
    """A template that asks for what nobody knows is not written half filled in."""
    with pytest.raises(SetupError, match="@colour@"):
        render("Environment=X=@colour@", VALUES, "onecore")


@pytest.mark.parametrize("path", ['/home/me/"lab"', "/home/me/it's", "/srv/a:b", "/srv/$HOME"])
def test_a_path_that_systemd_would_read_otherwise_is_refused_with_a_remedy(path: str) -> None:
    """Said before anything is written."""
    with pytest.raises(SetupError, match="cannot stand") as caught:
        render("ExecStart=@root@/x", {"root": path}, "onecore")
    assert "SUPERVISOR=process" in caught.value.remedy


# What systemd reads to the end of the line, quotes and all.
TO_THE_END = ("LoadCredential", "WorkingDirectory", "X-Onecore-State", "Environment")


@pytest.mark.parametrize("kind", ["app", "postgres"])
def test_a_path_with_blanks_is_one_word(kind: str) -> None:
    """Wherever systemd splits a line into words."""
    folder = "/home/me/my lab"
    values = {name: f"{folder}/{name}" for name in ("root", "python", "pg_bin", "state")}
    local = replace(LOCAL, needed=(Path(folder),), hidden=(Path("/home/my folder"),))
    unit = postgres_unit("drf") if kind == "postgres" else app_unit("drf")
    files = shared_files(TEMPLATES, {**VALUES, **values}, "onecore", root=True)
    files |= template_files(unit, TEMPLATES, {**VALUES, **values}, "onecore", root=True)
    files["90-lab.conf"] = lab_drop_in(unit, local, files)
    lines = [line for text in files.values() for line in text.splitlines() if "/my " in line]
    assert lines
    for line in lines:
        name, _, value = line.partition("=")
        if name in TO_THE_END or line.startswith("#"):
            continue
        words = shlex.split(value)
        assert any("/my lab" in word or "/my folder" in word for word in words), line


def test_a_percent_sign_in_a_path_stays_one() -> None:
    """systemd would take it for a specifier."""
    assert render("@root@", {"root": "/srv/100%"}, "onecore") == "/srv/100%%"


def test_a_unit_without_a_template_is_told() -> None:
    """A new kind of unit without a file: what is missing, and what to do meanwhile."""
    unit = app_unit("tornado", template="onecore-cache@")
    with pytest.raises(SetupError, match=r"systemd/onecore-cache@\.service"):
        template_files(unit, TEMPLATES, VALUES, "onecore", root=True)


def test_each_kind_of_manager_gets_what_it_can_do() -> None:
    """An ordinary user's manager sandboxes in a user namespace, and cannot change the user."""
    as_root = "\n".join(files_of(app_unit("flask")).values())
    without = "\n".join(files_of(app_unit("flask"), root=False).values())
    for setting in ("User", "PrivateDevices", "ProtectProc"):
        assert settings(as_root, setting)
        assert not settings(without, setting)
    assert settings(without, "PrivateUsers") == ["yes"]
    assert not settings(as_root, "PrivateUsers")
    for setting in ("NoNewPrivileges", "ProtectSystem", "PrivateTmp", "InaccessiblePaths"):
        assert settings(without, setting) == settings(as_root, setting) != []


# --- the lab's drop-in ------------------------------------------------------------------------


def test_the_drop_in_places_and_addresses_a_unit() -> None:
    """CPUs, port and environment of this machine, and the marks by which the unit is found."""
    text = lab_drop_in(app_unit("drf", cpus=(2, 3)), LOCAL, {})
    # Emptied first: what another file of this unit names would be added to it.
    assert settings(text, "CPUAffinity") == ["", "2-3"]
    assert settings(text, "AllowedCPUs") == ["", "2-3"]
    assert '"PORT=8000"' in settings(text, "Environment")
    assert marks(text)["Name"] == "onecore-drf"
    assert marks(text)["State"] == str(LOCAL.state)


def test_what_the_manager_would_hand_to_a_unit_is_taken_away() -> None:
    """All but what the unit has of its own, by its templates or by the lab."""
    unit = app_unit("drf", environment={"PATH": "/bin", "LANG": "C"})
    applying = {"onecore-app@.service": "[Service]\nEnvironment=HOME=/nonexistent\n"}
    handed = ("HOME", "LANG", "PATH", "PORT", "WEB_CONCURRENCY", "http_proxy")
    text = lab_drop_in(unit, LOCAL, applying, handed=handed)
    assert settings(text, "UnsetEnvironment") == ["WEB_CONCURRENCY", "http_proxy"]
    assert settings(lab_drop_in(unit, LOCAL, applying), "UnsetEnvironment") == []


def test_a_variable_that_nobody_here_has_given_is_noticed() -> None:
    """One that is new, and one that has another value; what systemd tells every process is not."""
    unit = app_unit("drf", environment={"DATABASE_URL": "postgresql://ours"})
    files = files_of(unit)
    ours = {"DATABASE_URL": "postgresql://ours", "PORT": "8000", "HOME": "/nonexistent"}
    told = {"INVOCATION_ID": "1", "MEMORY_PRESSURE_WATCH": "/x", "SYSTEMD_EXEC_PID": "7"}
    assert foreign_variables({**ours, **told, "USER": "nobody"}, unit, files) == ()
    theirs = {**ours, "WEB_CONCURRENCY": "4", "DATABASE_URL": "postgresql://theirs"}
    assert foreign_variables(theirs, unit, files) == ("DATABASE_URL", "WEB_CONCURRENCY")


def test_without_cpuset_nothing_pretends_to_confine() -> None:
    """AllowedCPUs= would be ignored without a word."""
    text = lab_drop_in(app_unit("drf"), replace(LOCAL, cpuset=False), {})
    assert settings(text, "AllowedCPUs") == []


def test_what_the_unit_sets_the_lab_leaves_alone() -> None:
    """The unit's password file is its credential, not the lab's file."""
    unit = app_unit("drf", environment={"PGPASSFILE": "/secret", "COLOUR": "green"})
    text = files_of(unit)["onecore-app@drf.service.d/90-lab.conf"]
    assert environment_names([text]) == {"PORT", "COLOUR"}


@pytest.mark.parametrize(
    "changed",
    [
        {"cpus": (1,)},
        {"port": 8001},
        {"environment": {"COLOUR": "green"}},
        {"source": "edited"},
        {"command": ("other",)},
        {"prepare": ()},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_an_edit_changes_the_fingerprint(changed: dict[str, object]) -> None:
    """Whatever describes a unit, its source included, is in what decides on a restart."""
    prints = {
        marks(files_of(unit)["onecore-app@drf.service.d/90-lab.conf"])["Fingerprint"]
        for unit in (app_unit("drf"), app_unit("drf"), app_unit("drf", **changed))
    }
    assert len(prints) == 2


def test_an_edited_template_changes_only_its_own_units() -> None:
    """make up after an edit restarts what was edited and nothing else."""
    app = "onecore-app@.service"
    edited = {**TEMPLATES, app: TEMPLATES[app] + "# edited\n"}

    def fingerprint(unit: Unit, templates: dict[str, str]) -> str:
        files = template_files(unit, templates, VALUES, "onecore", root=True)
        return marks(lab_drop_in(unit, LOCAL, files))["Fingerprint"]

    drf, database = app_unit("drf"), postgres_unit("drf")
    assert fingerprint(drf, edited) != fingerprint(drf, dict(TEMPLATES))
    assert fingerprint(database, edited) == fingerprint(database, dict(TEMPLATES))


@pytest.mark.parametrize("word", ['say "hi"', "back\\slash", "100%", "two words"])
def test_words_are_quoted_for_systemd(word: str) -> None:
    """Quoted, one word stays one word and means what it meant."""
    (read,) = shlex.split(quoted((word,)))
    assert read.replace("%%", "%") == word


def test_needed_folders_are_shown_where_they_would_be_covered() -> None:
    """A Python in a home folder, and whatever lies behind a closed door."""
    needed = (Path("/root/.pyenv"), Path("/srv/x"), Path("/data/lab"), Path("/tmp/x"))
    shown = to_show(needed, (Path("/root"), None, Path("/data"), None))
    assert shown == (Path("/data/lab"), Path("/root/.pyenv"), Path("/tmp/x"))


def test_a_closed_folder_is_replaced_by_an_empty_one_that_may_be_entered() -> None:
    """Home folders and the temporary ones are by systemd; root's own it leaves closed."""
    closed = (Path("/root"), None, Path("/data"), Path("/tmp/x"), Path("/home/u"), Path("/data"))
    assert hidden_folders(closed) == (Path("/data"), Path("/root"))


# --- what systemd makes of them ---------------------------------------------------------------

UNITS = [app_unit("flask"), app_unit("flask-tuned"), postgres_unit("flask")]
needs_analyze = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None,
    reason="no systemd-analyze: apt install systemd",
)


def analyze(unit: Unit, folder: Path, *words: str, root: bool = True) -> str:
    """What systemd-analyze says about a rendered unit, standard error included."""
    database = postgres_unit("flask")
    for path, text in {**files_of(database, root=root), **files_of(unit, root=root)}.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text.replace("/srv/onecore", str(ROOT)))
    name = systemd_name(unit.name, "onecore", TEMPLATES)
    done = subprocess.run(
        ["systemd-analyze", *words, name],
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{folder}:", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def complaints(unit: Unit, folder: Path) -> list[str]:
    """What verify prints about our files: it exits 0 on a bad directive."""
    said = analyze(unit, folder, "verify").splitlines()
    absent = "is not executable"  # PostgreSQL is not where this test puts it
    return [line for line in said if "onecore" in line and absent not in line]


@needs_analyze
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_understands_the_units(unit: Unit, tmp_path: Path) -> None:
    """No unknown directive, no bad value, no dependency on nothing."""
    assert complaints(unit, tmp_path) == []


@needs_analyze
def test_a_bad_directive_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above can fail: a planted spelling mistake is found."""
    monkeypatch.setitem(
        TEMPLATES, "onecore-app@.service", TEMPLATES["onecore-app@.service"] + "[Service]\nUsr=x\n"
    )
    assert any("Usr" in line for line in complaints(app_unit("flask"), tmp_path))


@needs_analyze
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
@pytest.mark.parametrize(("root", "most"), [(True, 2.0), (False, 3.0)], ids=["root", "user"])
def test_units_are_hardened(unit: Unit, root: bool, most: float, tmp_path: Path) -> None:
    """systemd's own score of the exposure, 10 at worst, for the database too."""
    said = analyze(unit, tmp_path, "security", "--offline=true", "--no-pager", root=root)
    score = re.search(r"Overall exposure level for .*: ([\d.]+)", said)
    assert score, said
    assert float(score[1]) <= most
