"""Holm's method, against published examples and against the closed testing it abbreviates."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.stats.holm import holm_adjust, holm_levels

p_lists = st.lists(st.floats(0, 1), min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("p_values", "adjusted"),
    [
        # The example of Wikipedia, "Holm-Bonferroni method".
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
        # What R's p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm") comes to.
        ([0.01, 0.02, 0.03, 0.04, 0.05], [0.05, 0.08, 0.09, 0.09, 0.09]),
        ([0.5, 0.9], [1.0, 1.0]),
        ([0.03], [0.03]),
        ([], []),
    ],
)
def test_adjusted_p_values(p_values: list[float], adjusted: list[float]) -> None:
    """Adjusted p-values are those of worked examples."""
    assert holm_adjust(p_values) == pytest.approx(adjusted)


@given(p_values=p_lists)
def test_it_is_the_closed_test_of_all_bonferroni_tests(p_values: list[float]) -> None:
    """A hypothesis falls when every set of hypotheses with it falls by Bonferroni's test."""
    family = range(len(p_values))
    for i, adjusted in enumerate(holm_adjust(p_values)):
        sets = [
            subset
            for size in range(1, len(p_values) + 1)
            for subset in itertools.combinations(family, size)
            if i in subset
        ]
        closed = max(min(1.0, len(s) * min(p_values[j] for j in s)) for s in sets)
        assert adjusted == pytest.approx(closed)


def test_levels_step_down_and_stop_at_the_first_failure() -> None:
    """Each comparison's level is the one at which Holm's procedure has judged it."""
    # Steps: 0.005 <= 0.05 / 4 and 0.01 <= 0.05 / 3, but 0.03 > 0.05 / 2, where it stops.
    levels = holm_levels([0.01, 0.04, 0.03, 0.005])
    assert levels == pytest.approx([1 - 0.05 / 3, 1 - 0.05 / 2, 1 - 0.05 / 2, 1 - 0.05 / 4])


def test_one_comparison_keeps_its_level() -> None:
    """A family of one needs no correction."""
    assert holm_levels([0.2]) == pytest.approx([0.95])
    assert holm_levels([0.0]) == pytest.approx([0.95])


@given(p_values=p_lists)
def test_an_interval_at_its_level_says_what_holm_says(p_values: list[float]) -> None:
    """An interval at level L excludes the null value exactly when p <= 1 - L."""
    steps = zip(p_values, holm_levels(p_values), holm_adjust(p_values), strict=True)
    for p, level, adjusted in steps:
        assert level >= 0.95 - 1e-12
        if abs(adjusted - 0.05) > 1e-9:
            assert (p <= 1 - level) == (adjusted <= 0.05)


@given(p_values=p_lists, data=st.data())
def test_the_order_of_the_family_does_not_matter(
    p_values: list[float], data: st.DataObject
) -> None:
    """A mixed family has the same values, each at its place."""
    order = data.draw(st.permutations(range(len(p_values))))
    mixed = [p_values[i] for i in order]
    assert holm_adjust(mixed) == pytest.approx([holm_adjust(p_values)[i] for i in order])
    assert holm_levels(mixed) == pytest.approx([holm_levels(p_values)[i] for i in order])


@pytest.mark.parametrize("bad", [-0.1, 1.1, float("nan")])
def test_a_p_value_is_a_probability(bad: float) -> None:
    """A p-value outside 0 to 1 is refused."""
    with pytest.raises(ValueError, match="p-value"):
        holm_adjust([0.5, bad])
