"""A row that fails fails its test: nothing else here would tell."""

import pytest


@pytest.mark.xfail(
    raises=pytest.RaisesGroup(AssertionError, KeyError), strict=True, reason="two rows are wrong"
)
def test_each_row_that_fails_is_told(each):
    """The test goes on after a row that fails, and fails with all of them in the end."""
    for name in ("good", "wrong", "good as well", "absent"):
        with each(name):
            assert name != "wrong"
            _ = {"good": 1, "wrong": 2, "good as well": 3}[name]


@pytest.mark.xfail(raises=AssertionError, strict=True, reason="one row is wrong")
def test_one_row_that_fails_is_told(each):
    """A single row is raised as it is."""
    with each("wrong"):
        raise AssertionError
