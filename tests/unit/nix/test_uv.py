"""The uv of `nix develop .#uv` is unpacked from its wheel."""

import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.skipif(
    shutil.which("unzip") is None, reason="no unzip on PATH (Debian: apt install unzip)"
)
def test_the_program_comes_out_of_the_wheel(tmp_path: Path) -> None:
    """The derivation's own commands, on a wheel of the real one's form, give $out/bin/uv."""
    found = re.search(r"installPhase = ''\n(.*?)''", (ROOT / "nix/uv.nix").read_text(), re.DOTALL)
    assert found
    wheel = tmp_path / "uv.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("uv-0.0.0.data/scripts/uv", "the program")
        archive.writestr("uv-0.0.0.data/scripts/uvx", "another")
        archive.writestr("uv/__init__.py", "")
    done = subprocess.run(
        ["bash", "-euc", f"runHook() {{ :; }}\n{found.group(1)}"],
        env={"PATH": os.environ["PATH"], "src": str(wheel), "out": str(tmp_path / "out")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert [path.name for path in (tmp_path / "out/bin").iterdir()] == ["uv"]
    assert os.access(tmp_path / "out/bin/uv", os.X_OK)
