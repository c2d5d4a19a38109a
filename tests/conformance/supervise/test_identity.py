"""Whom units run as, and what they can reach."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.errors import SetupError
from bench.model import Role
from bench.supervise.identity import closed_folder, current_identities, current_identity

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes users")


def run(identity, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*identity.prefix, *command], capture_output=True, text=True, cwd="/", check=False
    )


@pytest.fixture
def closed() -> Iterator[Path]:
    """A folder that only its owner may enter, with something needed and something private."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "needed").mkdir(mode=0o755)
        (folder / "needed" / "file").write_text("of use")
        (folder / "private").write_text("nobody's business")
        yield folder


@pytest.mark.skipif(os.geteuid() == 0, reason="root is never its own services' user")
def test_an_ordinary_user_is_left_as_is() -> None:
    """Without root there is nobody else to be."""
    identities = current_identities(())
    assert identities.apps == identities.databases
    assert (identities.apps.uid, identities.apps.prefix) == (os.geteuid(), ())


@as_root
@pytest.mark.parametrize("role", ["app", "database"])
def test_root_becomes_an_unprivileged_user_without_capabilities(
    public_folder: Path, role: Role
) -> None:
    """Units of root have another uid, no groups of root's, and nothing to win back."""
    identity = current_identities((public_folder,)).of(role)
    shown = run(identity, "cat", "/proc/self/status").stdout
    fields = dict(line.split(":\t", 1) for line in shown.splitlines() if ":\t" in line)
    assert "0" not in fields["Uid"].split()
    assert fields["CapEff"] == fields["CapPrm"] == fields["CapAmb"] == "0" * 16
    assert fields["NoNewPrivs"] == "1"


@as_root
def test_apps_and_databases_are_different_users(public_folder: Path) -> None:
    """Of root's. What is told of both is told once."""
    identities = current_identities((public_folder,))
    assert identities.apps.uid != identities.databases.uid
    assert identities.apps.gid != identities.databases.gid
    assert len(identities.notes) <= 1


@as_root
def test_where_only_the_databases_user_can_read_apps_are_that_user(closed: Path) -> None:
    """A user's own project, closed to others: it is measured all the same, and that is told."""
    databases = current_identity(())
    for path in (closed, closed / "needed"):
        path.chmod(0o700)
        os.chown(path, databases.uid, databases.gid)
    identities = current_identities((closed / "needed",))
    assert identities.apps.uid == databases.uid
    *_, note = identities.notes
    assert f"services run as {databases.user}, as their databases do" in note
    assert "Permission denied" in note


@as_root
def test_a_closed_folder_is_opened_for_what_is_needed_only(closed: Path) -> None:
    """The needed file is readable at its own path; its neighbours are not there at all."""
    identity = current_identity((closed / "needed",))
    assert str(closed) in identity.note
    assert run(identity, "cat", str(closed / "needed" / "file")).stdout == "of use"
    assert run(identity, "cat", str(closed / "private")).returncode != 0
    assert run(identity, "ls", str(closed)).stdout.split() == ["needed"]
    assert run(identity, sys.executable, "-c", "print('runs')").stdout == "runs\n"


@as_root
def test_the_view_is_the_units_own(closed: Path) -> None:
    """What units see covered is not covered for anybody else."""
    current_identity((closed / "needed",))
    assert (closed / "private").read_text() == "nobody's business"
    assert str(closed) not in Path("/proc/self/mounts").read_text()


@as_root
def test_units_write_through_to_the_real_folder(closed: Path) -> None:
    """A data folder in a closed one is the real one, not a copy."""
    identity = current_identity((closed / "needed",))
    os.chown(closed / "needed", identity.uid, identity.gid)
    assert run(identity, "touch", str(closed / "needed" / "made")).returncode == 0
    assert (closed / "needed" / "made").stat().st_uid == identity.uid


@as_root
def test_what_cannot_be_read_anyway_is_told(closed: Path) -> None:
    """A folder that only root may read: one sentence with the remedy."""
    (closed / "needed" / "secret").mkdir(mode=0o700)
    with pytest.raises(SetupError, match="Permission denied") as caught:
        current_identity((closed / "needed" / "secret",))
    assert "/srv" in caught.value.remedy


@as_root
@pytest.mark.parametrize(
    ("user", "said"), [("root", "refuses to run as root"), ("nosuch", "no user")]
)
def test_impossible_users_are_refused(
    monkeypatch: pytest.MonkeyPatch, user: str, said: str
) -> None:
    """ONECORE_USER must name somebody, and not root."""
    monkeypatch.setenv("ONECORE_USER", user)
    with pytest.raises(SetupError, match=said):
        current_identity(())


def test_the_topmost_closed_folder_is_found(closed: Path) -> None:
    """Everything below the first closed door is behind it."""
    # In a sandbox even `/` may be closed to others: then that is the topmost.
    above = closed_folder(closed)
    assert closed_folder(closed / "needed" / "file") == (above or closed)
    if above != Path("/"):
        assert closed_folder(Path("/dev/null")) is None
