"""What BASE=, WITH=, ENV= and SERVE= mean, and what is refused."""

import pytest

from bench.errors import UsageError
from bench.experiment.ab.side_specs import (
    command_in,
    package_of,
    requirements_in,
    side_specs,
    variables_in,
)


def test_a_base_is_compared_with_the_working_tree() -> None:
    """The reference comes first; the working tree may have changes of its own besides."""
    base, head = side_specs("main", "", "", "")
    assert (base.key, base.title, base.ref) == ("base", "main", "main")
    assert (head.key, head.title, head.ref) == ("head", "working tree", "")
    base, head = side_specs("main", "django==5.2.*", "POOL_SIZE=5", "")
    assert (base.requirements, base.environment) == ((), {})
    assert (head.requirements, head.environment) == (("django==5.2.*",), {"POOL_SIZE": "5"})
    assert head.title == "django==5.2.*, POOL_SIZE=5"


def test_without_a_base_the_working_tree_is_compared_with_itself() -> None:
    """As it is, and with what is asked for in it."""
    reference, other = side_specs("", "", "POOL_SIZE=5", "")
    assert (reference.title, reference.ref, other.title) == ("as it is", "", "POOL_SIZE=5")


def test_a_series_has_a_state_for_each_value_the_first_being_the_reference() -> None:
    """What is given besides holds for all; an empty value is the working tree as it is."""
    found = side_specs("", "django==5.2.* | django==6.0.*|", "POOL_SIZE=5", "")
    assert [side.key for side in found] == ["1", "2", "3"]
    assert [side.title for side in found] == ["django==5.2.*", "django==6.0.*", "as it is"]
    assert [side.requirements for side in found] == [("django==5.2.*",), ("django==6.0.*",), ()]
    assert all(side.environment == {"POOL_SIZE": "5"} for side in found)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("", "", "", ""), "what is compared"),
        (("main", "a==1|a==2", "", ""), "exclude each other"),
        (("", "a==1|a==2", "A=1|A=2", ""), "exclude each other"),
        (("", "a==1|a==1", "", ""), "twice"),
        (("", "==1", "", ""), "names no package"),
        (("", "", "pool=5", ""), "sets no variable"),
        (("", "", "/root/.shinit", ""), "unset ENV"),
        (("", "", "", "gunicorn app:app"), "has to listen"),
        (("", "", "", "'"), "is no command"),
        (("", "", "", "x {host} {port} {home}"), "has to listen"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_remedy(
    given: tuple[str, str, str, str], told: str
) -> None:
    """Exit code 2, and an example of what would do."""
    with pytest.raises(UsageError) as refused:
        side_specs(*given)
    assert told in str(refused.value)
    assert refused.value.remedy


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pydantic==2.11.*,starlette<1", ("pydantic==2.11.*", "starlette<1")),
        ("pydantic>=2.10,<2.12, django", ("pydantic>=2.10,<2.12", "django")),
        ("sqlalchemy[asyncio,mypy]==2.0.*,x>1", ("sqlalchemy[asyncio,mypy]==2.0.*", "x>1")),
        ("flask @ git+https://host/flask", ("flask @ git+https://host/flask",)),
        ("", ()),
    ],
)
def test_requirements_are_divided_where_one_begins(text: str, expected: tuple[str, ...]) -> None:
    """A comma within a requirement stays in it."""
    assert requirements_in(text) == expected


def test_a_long_command_is_told_in_short() -> None:
    """It stands in a column; the command itself stays whole."""
    serve = "{python} -m gunicorn config.wsgi:application --threads 4 --bind {host}:{port}"
    _, head = side_specs("", "", "", serve)
    assert head.title == "{python} -m gunicorn config.wsgi:application --threads 4 ..."
    assert head.serve[-1] == "{host}:{port}"


def test_packages_are_known_by_their_normal_names() -> None:
    """So that what replaces a locked package is found, however it is written."""
    assert package_of("Flask_SQLAlchemy[x]>=3") == "flask-sqlalchemy"
    assert package_of("zope.event==1") == "zope-event"


def test_variables_and_commands_are_read_as_they_are_written() -> None:
    """A value may hold what it likes but a comma; words of a command may be quoted."""
    assert variables_in("A=1, B_2=x=y") == {"A": "1", "B_2": "x=y"}
    assert command_in("{python} -m x 'a b' --bind {host}:{port}") == (
        *("{python}", "-m", "x", "a b"),
        *("--bind", "{host}:{port}"),
    )
