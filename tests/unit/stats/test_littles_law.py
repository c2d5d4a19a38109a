import pytest

from bench.stats.littles_law import littles_law_deviation


@pytest.mark.parametrize(
    ("concurrency", "rate_per_s", "mean_response_s", "deviation"),
    [
        (20, 1000, 0.020, 0.0),
        (20, 900, 0.020, -0.1),  # two connections' worth of idling
        (20, 1000, 0.021, 0.05),
        (1, 0, 0.5, -1.0),
    ],
)
def test_deviation(
    concurrency: float, rate_per_s: float, mean_response_s: float, deviation: float
) -> None:
    """The deviation is how far rate times response time is from the concurrency."""
    found = littles_law_deviation(concurrency, rate_per_s, mean_response_s)
    assert found == pytest.approx(deviation)


@pytest.mark.parametrize("values", [(0, 1, 1), (-1, 1, 1), (1, -1, 1), (1, 1, -1)])
def test_nonsense_is_refused(values: tuple[float, float, float]) -> None:
    """Figures that no measurement can have are refused."""
    with pytest.raises(ValueError, match=r"positive|negative"):
        littles_law_deviation(*values)
