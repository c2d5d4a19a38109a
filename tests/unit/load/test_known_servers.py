"""The closed formulas against a server simulated request by request."""

import numpy as np
import pytest

from bench.stats.stalling import StallingServer

SERVERS = [
    StallingServer(0.005, 0.2, 1.0),
    StallingServer(0.02, 0.1, 0.5),
    StallingServer(0.001, 0.05, 2.0),
]


def answered_s(server: StallingServer, arrived_s: float) -> float:
    """When a request that arrived in the first period is answered."""
    read_s = max(arrived_s, server.stall_s)
    due_s = read_s + server.delay_s
    stalls_again = due_s >= server.period_s
    return max(due_s, server.period_s + server.stall_s) if stalls_again else due_s


def simulated(server: StallingServer) -> list[float]:
    count = 200_000
    arrivals_s = [(number + 0.5) * server.period_s / count for number in range(count)]
    return [answered_s(server, arrived_s) - arrived_s for arrived_s in arrivals_s]


@pytest.mark.parametrize("server", SERVERS)
def test_quantiles_agree_with_a_simulation(server: StallingServer) -> None:
    """The formulas are what sending evenly through one period shows."""
    latency_s = simulated(server)
    for share in (0.01, 0.5, 0.75, 0.8, 0.9, 0.95, 0.99, 0.995, 0.999):
        expected_s = np.quantile(latency_s, share, method="inverted_cdf")
        assert server.open_loop_quantile_s(share) == pytest.approx(expected_s, abs=1e-4)


def test_the_known_case() -> None:
    """A server that stalls 0.2 s each second has the figures that paper and pencil give."""
    server = StallingServer(delay_s=0.005, stall_s=0.2, period_s=1.0)
    assert server.open_loop_quantile_s(0.5) == pytest.approx(0.005)
    assert server.open_loop_quantile_s(0.9) == pytest.approx(0.110)
    assert server.open_loop_quantile_s(0.99) == pytest.approx(0.200)
