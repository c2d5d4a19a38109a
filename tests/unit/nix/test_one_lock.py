"""With Nix and without it, Python and every package come from the same lock."""

import importlib.metadata
import importlib.util
import json
import re
import shutil
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from bench.targets import UNPRIVILEGED_PORTS

ROOT = Path(__file__).parents[3]
LOCK = tomllib.loads((ROOT / "uv.lock").read_text())
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_there_is_one_lock() -> None:
    """No second list of packages is kept anywhere that a way in could read instead."""
    others = ("poetry.lock", "requirements*.txt", "Pipfile*", "pylock*.toml", "uv.lock")
    found = {
        path.relative_to(ROOT)
        for pattern in others
        for folder in ("", "bench/**/", "nix/**/", "services/**/")
        for path in ROOT.glob(f"{folder}{pattern}")
    }
    assert found == {Path("uv.lock")}


@pytest.mark.skipif(
    shutil.which("nix") is None, reason="no nix on PATH (Debian: apt install nix-bin)"
)
def test_both_ways_take_the_same_packages(tmp_path: Path) -> None:
    """What the flake's shell takes from the lock is what is installed here, version by version."""
    check = load_check()
    project = tmp_path / "project"
    check.copy_known_files(ROOT, project)
    nix = check.Nix(tmp_path / "nix")
    expression = f"(import {project}/flake.nix).inputs"
    inputs = json.loads(
        nix.run("nix-instantiate", "--eval", "--strict", "--json", "--expr", expression)
    )
    taken = check.evaluate(nix, project, inputs)["packages"]
    installed = {
        re.sub(r"[-_.]+", "-", package.name).lower(): package.version
        for package in importlib.metadata.distributions()
    }
    assert taken == installed


def load_check() -> ModuleType:
    """nix/check as a module."""
    spec = importlib.util.spec_from_file_location("nix_check", ROOT / "nix/check/__main__.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_uv_syncs_the_lock_as_it_is() -> None:
    """Without Nix the lock is taken frozen, tools for the tests included."""
    bootstrap = (ROOT / "bench" / "bootstrap.sh").read_text()
    assert re.search(r'"\$uv" sync --frozen .*--all-groups', bootstrap)


def test_both_ways_take_the_same_uv() -> None:
    """uv's version, addresses and hashes stand in one file, and it is the version required."""
    pin = json.loads((ROOT / "bench" / "uv.json").read_text())
    assert PROJECT["tool"]["uv"]["required-version"] == f"=={pin['version']}"
    for machine, wheel in pin["wheels"].items():
        assert f"/uv-{pin['version']}-py3-none-" in wheel["url"]
        assert wheel["url"].endswith(f"_{machine}.whl")
        assert re.fullmatch(r"[0-9a-f]{64}", wheel["sha256"])
    for reader in ("bench/bootstrap.sh", "nix/uv.nix"):
        text = (ROOT / reader).read_text()
        assert "uv.json" in text
        assert pin["version"] not in text


def test_nix_can_fetch_every_package() -> None:
    """Each package has a wheel for both machines, or nix/python.nix knows how to build it."""
    mended = (ROOT / "nix" / "python.nix").read_text()
    for package in LOCK["package"]:
        if "registry" not in package["source"]:
            continue
        for machine in ("x86_64", "aarch64"):
            wheels = [wheel for wheel in package.get("wheels", []) if fits(wheel["url"], machine)]
            if not wheels:
                assert package.get("sdist"), f"{package['name']} has no file for {machine}"
                assert f"{package['name']} = " in mended, f"{package['name']} is to be built"
            assert all(wheel["hash"].startswith("sha256:") for wheel in wheels)


def fits(url: str, machine: str) -> bool:
    """Whether a wheel is for CPython 3.13 on Linux with this processor."""
    python, abi, platform = url.rpartition("/")[2].removesuffix(".whl").split("-")[-3:]
    if not (python == "cp313" or abi == "abi3" or python.startswith(("py3", "py2.py3"))):
        return False
    return platform == "any" or ("manylinux" in platform and machine in platform)


def test_the_lock_is_one_that_uv2nix_reads() -> None:
    """It refuses what it does not know on purpose; default groups write such a field."""
    assert LOCK["version"] == 1
    known = {
        "version", "revision", "requires-python", "resolution-markers", "supported-markers",
        "required-markers", "manifest", "options", "conflicts", "package",
    }  # fmt: skip
    assert set(LOCK) <= known
    assert "default-groups" not in PROJECT["tool"]["uv"]


def test_the_module_moves_ports_within_the_lab_own_range() -> None:
    """The NixOS module refuses just the ports that the lab would refuse."""
    module = (ROOT / "nix" / "module.nix").read_text()
    lowest, highest = UNPRIVILEGED_PORTS[0], UNPRIVILEGED_PORTS[-1]
    assert f"{lowest} <= port && port <= {highest}" in module
    asked = (
        f"between ({lowest} - lib.foldl' lib.min {highest} facts.ports) "
        f"({highest} - lib.foldl' lib.max 0 facts.ports);"
    )
    assert asked in module
