"""What a server with known service times must be measured as. Pure; the self-test's yardstick.

The server needs `delay_s` for every request and stands still for the first `stall_s` of every
`period_s`. Requests that arrive evenly over the period, whatever the server does, meet:

- in the stall, after `u` seconds of it: the rest of the stall and then the delay, so that
  latencies are spread evenly over `delay_s` .. `stall_s + delay_s`;
- in the last `delay_s` before a stall: an answer that falls due while the server stands still,
  so that latencies are spread evenly over `stall_s` .. `stall_s + delay_s`;
- at any other time: the delay alone.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class StallingServer:
    """Known service times. The delay is shorter than the stall, both together than the period."""

    delay_s: float
    stall_s: float
    period_s: float

    def open_loop_quantile_s(self, share: float) -> float:
        """The latency that `share` (0..1) of all requests do not exceed."""
        # Seconds of each period in which a request arrives that takes longer than the answer.
        beyond_s = (1 - share) * self.period_s
        longest_s = self.stall_s + self.delay_s
        if beyond_s >= longest_s:
            return self.delay_s
        if beyond_s >= 2 * self.delay_s:
            # Above the delay, only those in the stall thin out; the caught ones are all beyond.
            return longest_s + self.delay_s - beyond_s
        return longest_s - beyond_s / 2
