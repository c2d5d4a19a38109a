"""The flake's offline check is green on the project and red for each planted fault."""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CHECK = ROOT / "nix" / "check"
PARTS = (
    ".python-version", "README.md", "bench", "flake.lock", "flake.nix", "nix", "pyproject.toml",
    "services", "systemd", "uv.lock",
)  # fmt: skip

needs_nix = pytest.mark.skipif(
    shutil.which("nix") is None, reason="no nix on PATH (Debian: apt install nix-bin)"
)


@dataclass(frozen=True)
class Fault:
    """One edit of a file of the project, and what the check says of it."""

    what: str
    file: str
    old: str
    new: str
    told: str


FAULTS = (
    Fault("a misspelt package", "nix/default.nix", "pkgs.postgresql_18", "pkgs.postgresql_81",
          "'postgresql_81' missing"),
    Fault("a misspelt option of NixOS", "nix/module.nix", "wantedBy = ", "wantdBy = ",
          "wantdBy' does not exist"),
    Fault("a value of the wrong type", "nix/module.nix", "RemainAfterExit = true",
          "RemainAfterExit = 1.5", "is not of type"),
    Fault("a syntax error", "nix/shells.nix", "in\n{", "in\n{ {", "syntax error"),
    Fault("an input that is not locked", "flake.nix", "inputs = {",
          'inputs = {\n    extra.url = "github:some/where";', "does not lock the input extra"),
    Fault("an input without a revision", "flake.lock", '"rev": "', '"was": "', "has no revision"),
    Fault("another source than the locked one", "flake.nix", "nixos-26.05", "nixos-unstable",
          "another source than flake.nix names for nixpkgs"),
    Fault("PostgreSQL 17", "nix/default.nix", "pkgs.postgresql_18", "pkgs.postgresql_17",
          "takes PostgreSQL 17.10, the lab runs 18"),
    Fault("Python 3.12", "nix/default.nix", "pkgs.python313", "pkgs.python312",
          "takes Python 3.12.12, .python-version says 3.13"),
    Fault("another uv", "bench/uv.json", '"version": "', '"version": "1.', "requires uv"),
    Fault("a bad directive", "systemd/onecore-app@.service", "InaccessiblePaths=",
          "InaccessiblePath=", "Unknown key"),
    Fault("a bad directive in what the module says of an app", "nix/module.nix",
          "WorkingDirectory=", "WorkingDirectry=", "Unknown key"),
    Fault("a bad value in a directive", "systemd/onecore-postgres@.service", "KillMode=mixed",
          "KillMode=mixd", "kill mode"),
    Fault("a bad directive in the module's own drop-in", "nix/module.nix", "Environment=PGDATA",
          "Environent=PGDATA", "Environent"),
    Fault("a placeholder that nothing fills", "systemd/onecore-postgres@.service", "@pg_bin@",
          "@pg_bins@", "asks for @pg_bins@"),
    Fault("two databases on one port", "services/flask/service.toml", "port = 5433",
          "port = 5432", "share a port"),
    Fault("a README of another Python", "README.md", "Python 3.13 is", "Python 3.12 is",
          "the README names Python 3.12 and 3.13, .python-version says 3.13"),
    Fault("a README with two PostgreSQLs", "README.md", "PostgreSQL 18,", "PostgreSQL 17,",
          "the README names PostgreSQL 18 and 17, the lab runs 18"),
    Fault("a bad directive for CPUs", "nix/module.nix", "CPUAffinity=", "CPUAfinity=",
          "CPUAfinity"),
    Fault("a bad directive in the tuning", "nix/module.nix", "ExecStop =", "ExecStopp =",
          "ExecStopp"),
    Fault("a kernel parameter of two words", "nix/module.nix", '"isolcpus=', '"isolcpus =',
          "is not of type"),
    Fault("a misspelt option in the VM test", "nix/machine-test.nix", "enable = true",
          "enabel = true", "enabel' does not exist"),
    Fault("a misspelt size in the VM test", "nix/machine-test.nix", "memorySize", "memorysize",
          "memorysize' does not exist"),
    Fault("a VM test that is no Python", "nix/machine-test.nix", "for cell in cells:",
          "for cell in cells", "vm-test-onecore is no Python"),
)  # fmt: skip


def run_check(folder: Path, environment: dict[str, str] | None = None) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, CHECK, folder],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    return done.returncode, done.stdout + done.stderr


def copied(copy: Path, *left_out: str) -> Path:
    """A copy of what the flake is made of, free to be spoilt."""
    copy.mkdir()
    leave = shutil.ignore_patterns("__pycache__", ".*_cache", *left_out)
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, copy / part, symlinks=True, ignore=leave)
        else:
            shutil.copy(ROOT / part, copy / part)
    return copy


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy with no Python files but those that the flake reads.

    Nine in ten files are such, and Nix copies them all, twice: that takes longer than its checks.
    """
    copy = copied(tmp_path / "project", "*.py")
    for file in (ROOT / "nix").glob("*.nix"):
        for name in re.findall(r"\.\./(\S+\.py)\b", file.read_text()):
            shutil.copy(ROOT / name, copy / name)
    return copy


@needs_nix
def test_the_project_passes(tmp_path: Path) -> None:
    """Without a fault every part is looked at, the units included, and the exit code is 0."""
    code, told = run_check(copied(tmp_path / "project"))
    assert code == 0, told
    assert "files parse" in told
    assert "flake.lock locks nixpkgs" in told
    assert "devShells 6" in told
    assert "scripts compile: vm-test-onecore" in told
    assert "machine full: " in told
    assert "machine plain and vm-test-machine: " in told


@needs_nix
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.what)
def test_a_planted_fault_is_told(project: Path, fault: Fault) -> None:
    """Each fault ends the check with exit code 1 and with the words that name it."""
    if fault.file.startswith("systemd/") or "directive" in fault.what:
        require_systemd_analyze()
    file = project / fault.file
    text = file.read_text()
    assert fault.old in text
    file.write_text(text.replace(fault.old, fault.new, 1))
    code, told = run_check(project)
    assert code == 1, told
    assert fault.told in told


def require_systemd_analyze() -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze on PATH (Debian: apt install systemd)")


@needs_nix
def test_nothing_is_left_behind(project: Path, tmp_path: Path) -> None:
    """The check writes neither into the project nor into the temporary folder."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    before = sorted(project.rglob("*"))
    code, told = run_check(project, {"PATH": path_of("nix"), "TMPDIR": str(scratch)})
    assert code == 0, told
    assert sorted(project.rglob("*")) == before
    assert not any(scratch.iterdir())


def path_of(tool: str) -> str:
    found = shutil.which(tool)
    assert found
    return f"{Path(found).parent}:/usr/bin:/bin"


def test_without_nix_it_says_so(tmp_path: Path) -> None:
    """Where there is no Nix, one line says that and why, and `make check` goes on."""
    code, told = run_check(ROOT, {"PATH": str(tmp_path)})
    assert code == 0
    assert told == "nix: skipped: there is no nix on PATH (Debian: apt install nix-bin)\n"
    code, _ = run_check(ROOT, {"PATH": str(tmp_path), "ONECORE_SKIP_NOTHING": "1"})
    assert code == 1
