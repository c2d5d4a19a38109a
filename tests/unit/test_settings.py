"""What may be set in a service's environment: declared, read and documented."""

import re
from dataclasses import replace

import pytest

from bench.errors import UsageError
from bench.experiment.ab.sides import require_known
from bench.model import Target
from bench.targets import SERVICES, known_targets

FRAMEWORKS = {target.framework: target for target in known_targets()}
PAGE = (SERVICES.parent / "docs" / "services.md").read_text()
NAMED = [
    pytest.param(target, name, id=f"{framework}-{name}")
    for framework, target in FRAMEWORKS.items()
    for name in target.settings
]


@pytest.mark.parametrize(("target", "name"), NAMED)
def test_each_setting_is_read_and_documented(target: Target, name: str) -> None:
    """Its name stands in the service's code and on the page, its default in its own words."""
    code = "".join(path.read_text() for path in target.directory.rglob("*.py"))
    assert re.search(rf'"{name}", "?(\d+)', code), name
    default = re.search(rf'"{name}", "?(\d+)', code)
    assert default is not None
    assert f"({default[1]})" in target.settings[name]
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{name}`"))
    assert default[1] in row


def test_there_are_settings_to_look_at() -> None:
    """Every standard framework has some."""
    assert {"fastapi", "flask", "drf"} <= {
        name for name, declared in FRAMEWORKS.items() if declared.settings
    }


def test_a_setting_that_a_service_does_not_read_is_refused() -> None:
    """With those that it reads; what its target sets itself may be set otherwise."""
    drf = FRAMEWORKS["drf"]
    require_known(drf, ("CONN_MAX_AGE", "DJANGO_SETTINGS_MODULE"))
    with pytest.raises(UsageError, match=r"drf reads no POOL_SIZE\n.*CONN_MAX_AGE: seconds"):
        require_known(replace(drf, name="drf"), ("POOL_SIZE",))
    with pytest.raises(UsageError, match="nothing that could be set"):
        require_known(replace(drf, settings={}), ("POOL_SIZE",))
