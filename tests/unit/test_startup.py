"""What a verb loads before it has looked at what is asked."""

import subprocess
import sys

import pytest

SLOW = ("scipy.special", "scipy.optimize", "altair", "vl_convert", "pyarrow", "aiohttp", "locust")
LOADED = "import sys, bench.cli; print([name for name in {slow} if name in sys.modules])"


@pytest.mark.parametrize("preload", ["", "import scipy.special, pyarrow; "], ids=["cli", "control"])
def test_the_command_line_loads_nothing_slow(preload: str) -> None:
    """`make status` does not wait for what only reports and load are made with. The control shows
    that the test would see it.
    """
    program = preload + LOADED.format(slow=SLOW)
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout
    assert told.strip() == str(["scipy.special", "pyarrow"] if preload else [])
