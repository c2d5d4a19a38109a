"""How well several runs of the same agree, as a table."""

from bench.analysis.agreement import RunsAgreement
from bench.report.document import Table


def agreement_table(found: RunsAgreement) -> Table:
    """What was counted, one line each."""
    kinds = ", ".join(f"{count} {kind}" for kind, count in found.kinds.items())
    held = (
        ("95 % intervals that held the other runs' mean", found.held_plain),
        ("the same, allowing for that mean's own error", found.held_allowing),
        ("intervals of the verdict table that held it", found.held_by_verdicts),
    )
    return Table(
        title=f"How {found.runs} runs agree",
        columns=("what", "count", "share"),
        rows=(
            ("verdicts", kinds, ""),
            ("comparisons on which two runs contradict each other", str(found.contradictions), ""),
            *(
                (name, f"{count} of {found.compared}", f"{count / found.compared:.0%}")
                for name, count in held
            ),
        ),
        numeric=(False, True, True),
        caption="Each run's ratio of two frameworks against the mean of all other runs' ratios.",
    )
