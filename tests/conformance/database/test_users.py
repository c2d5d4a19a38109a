"""What the users of root's units can reach: each what is its own, and nothing else of the lab."""

import os
import stat
import subprocess
from pathlib import Path

import psutil
import pytest

from bench.database.secrets import Secrets, ensure_secrets
from bench.experiment.lab import Lab, app_unit_name
from bench.model import Role, Target
from bench.supervise.identity import current_identities

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root has units run as others"),
    pytest.mark.skipif(
        os.environ.get("ONECORE_TEST_SUPERVISOR") == "systemd",
        reason="systemd hides the lab's folders from an app instead",
    ),
]


@pytest.fixture(scope="module")
def target(lab: Lab) -> Target:
    (flask,) = (target for target in lab.targets if target.name == "flask")
    lab.start((flask,), outlive=False)
    return flask


def process_of(lab: Lab, name: str) -> psutil.Process:
    pid = lab.supervisor.status(name).pid
    assert pid is not None
    return psutil.Process(pid)


def can(process: psutil.Process, *command: str) -> bool:
    """Whether the user of a process can do that, with the groups that the process has."""
    user = (f"--reuid={process.uids().real}", f"--regid={process.gids().real}", "--clear-groups")
    done = subprocess.run(("setpriv", *user, *command), capture_output=True, check=False)
    return done.returncode == 0


def test_an_app_reaches_its_secrets_and_nothing_of_the_databases(lab: Lab, target: Target) -> None:
    """Neither the superuser's passwords nor the data, and it can write nowhere and end nobody."""
    app, database = (process_of(lab, name) for name in lab.unit_names(target))
    secrets, data = lab.secrets, lab.cluster(target).directory
    assert app.uids().real != database.uids().real
    assert all(can(app, "cat", str(path)) for path in (secrets.pgpass, secrets.secret_key))
    for path in (secrets.admin_pgpass, secrets.superuser_password, data / "PG_VERSION"):
        assert path.exists()
        assert not can(app, "cat", str(path))
    for folder in (lab.site.state, secrets.directory, data.parent, data, target.directory):
        assert not can(app, "touch", str(folder / "mine")), folder
    assert not can(app, "ls", str(secrets.directory))
    assert can(app, "kill", "-0", str(app.pid))
    assert not can(app, "kill", "-0", str(database.pid))


def test_a_database_reaches_its_data_and_not_the_apps_secrets(lab: Lab, target: Target) -> None:
    """It needs none of them, and only its own superuser's password once, when it is made."""
    database = process_of(lab, lab.cluster(target).unit_name)
    assert can(database, "cat", str(lab.cluster(target).directory / "PG_VERSION"))
    assert can(database, "cat", str(lab.secrets.superuser_password))
    for path in (lab.secrets.pgpass, lab.secrets.secret_key, lab.secrets.admin_pgpass):
        assert not can(database, "cat", str(path))
    assert not can(database, "kill", "-0", str(process_of(lab, app_unit_name(target)).pid))


def test_what_another_user_had_is_taken_back(public_folder: Path) -> None:
    """Secrets of a lab whose services owned the folder are kept, each for whom it concerns; a link
    that they have put there gives them nothing.
    """
    identities = current_identities((public_folder,))

    def own(path: Path, role: Role) -> None:
        identities.of(role).own(path)

    folder = public_folder / "taken-back"
    kept = ensure_secrets(folder, own).service_password()
    elsewhere = public_folder / "not-theirs"
    elsewhere.write_text("root's own")
    secrets = Secrets(folder)
    secrets.secret_key.unlink()
    secrets.secret_key.symlink_to(elsewhere)
    for path in (folder, *folder.iterdir()):
        os.chown(path, 65534, 65534, follow_symlinks=False)
    assert ensure_secrets(folder, own).service_password() == kept
    owner = {path.name: path.lstat().st_uid for path in (folder, *folder.iterdir())}
    assert owner[folder.name] == owner["admin-pgpass"] == os.geteuid()
    assert owner["pgpass"] == identities.apps.uid
    assert owner["superuser-password"] == identities.databases.uid
    assert stat.S_IMODE(folder.stat().st_mode) == 0o711
    assert elsewhere.stat().st_uid == os.geteuid()
