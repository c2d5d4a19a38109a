"""How the number of users moves."""

import pytest

from bench.load.users.shapes import SHAPES

RUN_S, USERS, SPAWN = 100.0, 50, 5.0


def users_at(name: str, *moments: float) -> list[int]:
    return [SHAPES[name](at, RUN_S, USERS, SPAWN)[0] for at in moments]


def test_steps_are_five_and_end_with_all_users() -> None:
    """A step adds a fifth of the users each fifth of the time."""
    assert users_at("step", 0, 19, 21, 41, 61, 81, 99.9) == [10, 10, 20, 30, 40, 50, 50]


def test_a_spike_has_all_users_at_once_and_goes_back() -> None:
    """A tenth of the users, all of them for a while, a tenth again."""
    assert users_at("spike", 0, 39, 41, 59, 61, 99) == [5, 5, 50, 50, 5, 5]
    assert SHAPES["spike"](41, RUN_S, USERS, SPAWN)[1] > USERS


def test_a_soak_stays_and_starts_within_a_twentieth() -> None:
    """A soak has all users early and keeps them."""
    assert users_at("soak", 0, 50, 99) == [50, 50, 50]
    assert SHAPES["soak"](0, RUN_S, USERS, 0.1)[1] == pytest.approx(10)


def test_a_ramp_rises_evenly_to_all_users() -> None:
    """A ramp grows in proportion to the time."""
    assert users_at("ramp", 0, 2, 50, 100) == [1, 1, 25, 50]


@pytest.mark.parametrize("name", SHAPES)
def test_no_shape_ever_asks_for_nobody_or_for_too_many(name: str) -> None:
    """At any moment of any shape there is at least one user, and never more than asked for."""
    for tenth in range(1000):
        users, rate = SHAPES[name](tenth / 10, RUN_S, USERS, SPAWN)
        assert 1 <= users <= USERS
        assert rate > 0


@pytest.mark.parametrize("name", SHAPES)
def test_one_user_is_enough_for_every_shape(name: str) -> None:
    """A shape of one user is that one user all the time."""
    assert {SHAPES[name](at, RUN_S, 1, 1.0)[0] for at in (0, 50, 99)} == {1}
