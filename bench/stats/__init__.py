"""Statistics as pure functions: numbers in, `Estimate`s and `Verdict`s out, no I/O.

The round is the unit of replication. Every interval is over rounds, never over requests: the
requests of one window share its noise, so an interval over them would be far too narrow.

    estimate     a mean or geometric mean of per-round values, with its interval
    ratio        one target's rate over another's, paired by round
    holm         many comparisons at once
    verdict      faster, slower, indistinguishable, inconclusive or invalid
    agreement    is one run where others are?
    changes      where a series of runs shifted
    rounds       how many rounds an interval of a given width takes
    usl          the Universal Scalability Law, fitted to a concurrency sweep
    littles_law  does concurrency agree with rate and response time?
    steady       has a warm-up settled?

Import from these modules; the package itself re-exports nothing.
"""
