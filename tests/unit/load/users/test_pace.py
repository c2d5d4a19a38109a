"""When users send."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.load.users.pace import Beat, Pauses, phase_of


def sends(beat: Beat, from_s: float, count: int, busy_s: float = 0.0) -> list[float]:
    """When a user with this beat sends, if each request keeps it busy for `busy_s`."""
    now, found = from_s, []
    for _ in range(count):
        now += beat.wait_s(now)
        found.append(now)
        now += busy_s
    return found


@given(
    st.integers(1, 50), st.floats(0.05, 5), st.lists(st.floats(0, 100), min_size=50, max_size=50)
)
def test_beats_divide_the_period_evenly_whenever_users_start(
    users: int, period_s: float, starts: list[float]
) -> None:
    """Users that start in bursts or at random: together they send at equal distances."""
    dues = []
    for number in range(users):
        beat = Beat(period_s, phase_of(number, 0, 1, users), starts[number])
        dues.append(sends(beat, starts[number], 1)[0] / period_s % 1)
    gaps = sorted(round(due * users) % users for due in dues)
    assert gaps == list(range(users))
    assert all(due * users == pytest.approx(round(due * users), abs=1e-6 * users) for due in dues)


def test_phases_of_several_workers_interleave() -> None:
    """Three workers with two users each have the six phases between them."""
    phases = [phase_of(number, worker, 3, 6) for worker in range(3) for number in range(2)]
    assert sorted(phases) == [number / 6 for number in range(6)]


def test_a_beat_keeps_its_rate_whatever_the_answers_take() -> None:
    """The pause is what the answer has left of the period."""
    found = sends(Beat(1.0, 0.25, 10.0), 10.0, 4, busy_s=0.7)
    assert found == pytest.approx([10.25, 11.25, 12.25, 13.25])


def test_a_late_beat_catches_up_and_tells_how_late_it_is() -> None:
    """After a stall nothing is skipped: requests follow at once, each with its lateness."""
    beat = Beat(1.0, 0.0, 0.5)
    assert sends(beat, 0.5, 1) == [1.0]
    assert beat.late_s(1.0) == 0
    assert beat.wait_s(3.5) == 0
    assert beat.late_s(3.5) == pytest.approx(1.5)
    assert beat.wait_s(3.5) == 0
    assert beat.late_s(3.5) == pytest.approx(0.5)
    assert beat.wait_s(3.5) == pytest.approx(0.5)


def test_a_beat_that_begins_afresh_makes_up_for_nothing() -> None:
    """What was missed before is not sent later; the next request comes with the next beat."""
    beat = Beat(1.0, 0.25, 0.5)
    assert sends(beat, 0.5, 1) == [1.25]
    beat.forget_missed(9.6)
    assert beat.wait_s(9.6) == pytest.approx(0.65)
    assert beat.late_s(10.25) == 0


def test_a_beat_that_is_on_time_begins_afresh_without_a_change() -> None:
    """Neither one that sleeps until its next request, nor one that is a little late."""
    asleep = Beat(1.0, 0.0, 0.5)
    assert asleep.wait_s(0.5) == pytest.approx(0.5)
    asleep.forget_missed(0.7)
    assert asleep.late_s(1.0) == 0
    late = Beat(1.0, 0.0, 0.5)
    late.wait_s(0.5)
    late.forget_missed(1.1)
    assert late.late_s(1.1) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("sent", "moment_s", "missed"),
    [
        *((True, 0.9, 0), (True, 1.0, 0), (True, 1.9, 0), (True, 4.5, 3)),
        *((False, 0.9, 0), (False, 1.0, 1), (False, 1.9, 1), (False, 4.5, 4)),
    ],
)
def test_a_beat_knows_what_it_has_missed(sent: bool, moment_s: float, missed: int) -> None:
    """Everything due up to a moment but what was sent; what is not due yet is not missed."""
    beat = Beat(1.0, 0.0, 0.5)
    beat.wait_s(0.5)
    if sent:
        beat.late_s(1.0)
    assert beat.missed(moment_s) == missed


def test_pauses_stay_between_their_limits_and_are_never_late() -> None:
    """A pause has no schedule that one could be behind of."""
    pauses = Pauses(1.0, 3.0)
    waits = [pauses.wait_s(0.0) for _ in range(1000)]
    assert 1.0 <= min(waits) < 1.2
    assert 2.8 < max(waits) <= 3.0
    assert pauses.late_s(0.0) is None
