"""Little's law: what is in flight equals rate times time spent (Little, 1961)."""


def littles_law_deviation(concurrency: float, rate_per_s: float, mean_response_s: float) -> float:
    """How far rate x mean response time is from `concurrency`, as a share of it.

    In a closed loop without think time all connections are always waiting for an answer, so the
    two agree. Negative: connections stood idle, and the generator is what was slow (or lost
    answers). Positive: response times or rate are overstated. Raises ValueError when
    `concurrency` is not positive, or rate or time is negative.
    """
    if not concurrency > 0:
        raise ValueError(f"concurrency must be positive, not {concurrency}")
    if not (rate_per_s >= 0 and mean_response_s >= 0):
        raise ValueError("rate and response time cannot be negative")
    return rate_per_s * mean_response_s / concurrency - 1
