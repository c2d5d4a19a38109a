"""What is forked need not load the lab first."""

import importlib.util
import sys

import pytest

from tests.forked import FORKED, LOADED


@pytest.mark.parametrize("name", LOADED)
def test_what_is_loaded_in_advance_is_there(name: str) -> None:
    """The server passes over what it does not find, and every process would load the rest again."""
    assert importlib.util.find_spec(name) is not None


def _exit_with_what_is_missing() -> None:
    sys.exit(len([name for name in LOADED if name not in sys.modules]))


def test_a_forked_process_has_it_loaded() -> None:
    """All of it, before it has imported anything."""
    process = FORKED.Process(target=_exit_with_what_is_missing)
    process.start()
    process.join()
    assert process.exitcode == 0
