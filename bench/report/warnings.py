"""The doubts of a run, gathered: one line for each kind, with how often it was raised."""

from bench.model import LabWarning, RunRecord

_ORDER = {"invalid": 0, "doubt": 1, "note": 2}


def collect_warnings(record: RunRecord) -> tuple[tuple[LabWarning, int], ...]:
    """Each kind of warning with its first example and its count, the gravest first."""
    found = [
        *record.warnings,
        *(
            warning
            for cell in record.cells
            for window in cell.phases
            for warning in window.warnings
        ),
    ]
    found.extend(
        LabWarning(
            "unfit", f"{cell.target} was not measured: {cell.unfit}", "See its log.", "invalid"
        )
        for cell in record.cells
        if cell.unfit
    )
    kinds: dict[str, list[LabWarning]] = {}
    for warning in found:
        kinds.setdefault(f"{warning.code}/{warning.severity}", []).append(warning)
    ordered = sorted(kinds.values(), key=lambda group: _ORDER[group[0].severity])
    return tuple((group[0], len(group)) for group in ordered)
