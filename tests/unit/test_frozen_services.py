"""A lab stops all services but one, for as long as that one is measured."""

import runpy
from pathlib import Path

import pytest

from bench.targets import SERVICES

CONFIGURED = sorted(SERVICES.glob("*/gunicorn.conf.py"))


@pytest.mark.parametrize("file", CONFIGURED, ids=lambda file: file.parent.name)
def test_no_worker_is_killed_for_the_time_that_it_was_stopped(file: Path) -> None:
    """Gunicorn's heartbeat has no deadline: after a stop of minutes the same worker goes on."""
    assert runpy.run_path(str(file))["timeout"] == 0


def test_there_are_services_to_look_at() -> None:
    """All that Gunicorn serves."""
    assert [file.parent.name for file in CONFIGURED] == ["drf", "flask", "wsgi"]
