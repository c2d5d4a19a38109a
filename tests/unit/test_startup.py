"""What a verb loads before it has looked at what is asked."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SLOW = ("scipy.special", "scipy.optimize", "altair", "vl_convert", "pyarrow", "aiohttp", "locust")
"""What only reports and load are made with."""

MEASURES = ("numpy", "scipy", "uvloop", "bench.analysis", "bench.experiment.session")
"""What only measuring and reports need."""

PRELUDE = (
    "import atexit, sys; from bench.cli import main; from bench.cli.verbs import app, load_all\n"
)
TELL = "atexit.register(lambda: print('loaded:', *filter(sys.modules.__contains__, {names})))\n"


def loaded(program: str, names: tuple[str, ...], state: Path) -> list[str]:
    """Which of the modules `names` are there when a program that has `main` ends."""
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + TELL.format(names=names) + program],
        env={**os.environ, "ONECORE_STATE": str(state)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()[-1].split()[1:]


@pytest.mark.parametrize("verb", ["status", "down", "watch"])
def test_looking_and_stopping_load_nothing_that_measures(verb: str, tmp_path: Path) -> None:
    """Whoever wants to know what runs does not wait for arrays and statistics."""
    assert loaded(f"sys.argv = ['bench', {verb!r}]; main()", SLOW + MEASURES, tmp_path) == []


@pytest.mark.parametrize("preload", ["", "import scipy.special, pyarrow; "], ids=["cli", "control"])
def test_no_verb_loads_anything_slow(preload: str, tmp_path: Path) -> None:
    """No verb at all waits for what only reports and load are made with, until it makes them. The
    control shows that the test would see it; verbs that measure have loaded what measuring needs.
    """
    found = loaded(f"{preload}load_all()", SLOW + MEASURES, tmp_path)
    assert [name for name in found if name in SLOW] == (
        ["scipy.special", "pyarrow"] if preload else []
    )
    assert [name for name in found if name in MEASURES] == list(MEASURES)
