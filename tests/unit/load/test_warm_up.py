import pytest

from bench.load.window import is_steady


@pytest.mark.parametrize(
    ("counts", "steady"),
    [
        ([], False),
        ([100] * 5, False),
        ([100] * 6, True),
        ([10, 20, 40, 80, 100, 100], False),
        ([10, 20, 40, 80, 100, 100, 100, 100, 100, 100], True),
        ([100, 100, 100, 104, 104, 104], True),
        ([100, 100, 100, 120, 120, 120], False),
        ([120, 120, 120, 100, 100, 100], False),
        ([0] * 10, False),
        ([3, 2, 3, 3, 3, 3], True),
    ],
)
def test_steady_means_that_two_stretches_agree(counts: list[int], steady: bool) -> None:
    assert is_steady(counts) is steady
