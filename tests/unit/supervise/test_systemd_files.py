"""What the lab writes for systemd: nothing stale stays, and nothing is overruled unnoticed."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.errors import SetupError
from bench.supervise.identity import Identity
from bench.supervise.systemd.manager import Manager
from bench.supervise.systemd.supervisor import Outfit, SystemdSupervisor
from bench.supervise.systemd.units import Local

UNIT = "onecore-flask.service"
SHARED = "onecore-.service.d/10-common.conf"


@dataclass(frozen=True)
class FakeManager(Manager):
    """A systemd that looks for units in three folders and does nothing else."""

    root: Path = Path("/nonexistent")

    @property
    def folder(self) -> Path:
        return self.root / "run"

    def folders(self) -> tuple[Path, ...]:
        return (self.root / "etc", self.root / "run", self.root / "lib")

    def tell(self, *words: str) -> None:
        assert words == ("daemon-reload",)


@pytest.fixture
def supervisor(tmp_path: Path) -> SystemdSupervisor:
    return SystemdSupervisor(
        manager=FakeManager("system", tmp_path),
        lab="onecore",
        templates=tmp_path,
        state=tmp_path,
        outfit=lambda: Outfit(
            Identity("me", 1000, 1000), {}, Local(tmp_path, cpuset=False), root=True
        ),
    )


def put(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_a_drop_in_that_a_template_has_no_more_is_gone(supervisor, tmp_path: Path) -> None:
    """Else units would go on with a setting that no file of the project names."""
    supervisor._write({UNIT: "1", SHARED: "2", "onecore-.service.d/20-old.conf": "3"})
    supervisor._write({UNIT: "1", SHARED: "2"})
    assert [path.name for path in (tmp_path / "run/onecore-.service.d").iterdir()] == [
        "10-common.conf"
    ]
    assert (tmp_path / "run" / UNIT).exists()


@pytest.mark.parametrize("file", [UNIT, SHARED])
def test_a_file_that_systemd_would_follow_instead_is_told(
    supervisor, tmp_path: Path, file: str
) -> None:
    """What runs would be other code than the run names; nothing is written, nothing stopped."""
    put(tmp_path / "etc" / file, "another installation's")
    with pytest.raises(SetupError, match=f"etc/{file} says otherwise") as caught:
        supervisor._write({UNIT: "ours", SHARED: "ours"})
    assert "PORT_OFFSET" in caught.value.remedy
    assert not (tmp_path / "run").exists()


def test_the_same_text_elsewhere_is_welcome(supervisor, tmp_path: Path) -> None:
    """An installation of the very same lab, and files that ours overrule."""
    put(tmp_path / "etc" / UNIT, "ours")
    put(tmp_path / "lib" / SHARED, "of a package")
    supervisor._write({UNIT: "ours", SHARED: "ours"})
    assert (tmp_path / "run" / SHARED).read_text() == "ours"
