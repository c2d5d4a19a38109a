"""From records to figures: what was measured, how far it holds, and what it says. Pure.

Nothing here draws, prints, reads a file or looks at a clock. The experiment decides by it what to
do next, and the report says it.

stored              a run with its time series
series              the windows of a run, by operation and target
validity            which windows may be used, and what limited them
plausibility        whether what a file says of a cell can be at all
completeness        which cells a run must have, and which it has
measures            what is compared: rate, cost, latency
judging             a figure of two sides, and the verdict on it
verdicts            every target against every other, within one run
precision           whether the ratios of a run are known well enough
expected_precision  how well a run tells targets apart: promised before it, held after it
latency             distributions of service times and latencies
memory              idle, loaded and at its highest
timeline            CPU and memory while the run went on
users               how a window with users went
equality            what was the same for all targets, and what was not
differences         what differs between two runs, and what forbids comparing them
comparison          two runs set against each other
history             all comparable runs in a row, and their shifts
agreement           how well several runs of the same agree
bias                the ratios of targets in turns against those in windows
explain             the layers that a request's time goes to
inside              whether a profile tells the same as the ladder
stacks              whose code each stack of a profiler ended in
commands            what to type to finish a run, or to make it again
selftest            what the lab saw against what it must see
studies/            runs in which each cell has a load of its own
diagnostics/        what weakens a figure, and its remedy
"""
