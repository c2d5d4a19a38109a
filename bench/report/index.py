"""All stored runs at a glance: what each was, how it ended, and how far to trust it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime

from markupsafe import Markup

from bench.analysis.diagnostics.collected import raised_diagnostics
from bench.model import RunRecord
from bench.report.facts import load_words
from bench.report.html.document import Document, Raw, Section
from bench.report.html.render import environment

ANY = ""
_DOUBTS = {"none": "none", "some": "some", "invalid": "invalid figures"}

# A choice is made at once; without JavaScript there is a button.
_SCRIPT = """
"use strict";
for (const choice of document.querySelectorAll("form.filters select")) {
  choice.addEventListener("change", () => choice.form.requestSubmit());
}
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) {
    const first = document.querySelector("form.filters select");
    if (first) { event.preventDefault(); first.focus(); }
  }
});
"""


@dataclass(frozen=True)
class RunSummary:
    """One run in one line.

    `diagnostics` counts them by severity. `page` is its report's address from the results folder,
    "" where it has none; `problem` says why a run cannot be read, and then nothing else is known.
    """

    run_id: str
    started: str = ""
    state: str = "unreadable"
    kind: str = ""
    profile: str = ""
    load: str = ""
    targets: tuple[str, ...] = ()
    workloads: tuple[str, ...] = ()
    rounds: str = ""
    diagnostics: Mapping[str, int] | None = None
    page: str = ""
    problem: str = ""

    @property
    def trust(self) -> str:
        """ "invalid", "some" or "none": the gravest of its diagnostics; notes are none."""
        diagnostics = self.diagnostics or {}
        return (
            "invalid"
            if diagnostics.get("invalid")
            else "some"
            if diagnostics.get("doubt")
            else "none"
        )


@dataclass(frozen=True)
class Filter:
    """What is shown; "" is everything."""

    framework: str = ANY
    workload: str = ANY
    state: str = ANY
    profile: str = ANY
    diagnostics: str = ANY

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> "Filter":
        """From a query string; what it does not know it ignores."""
        return cls(**{one.name: asked.get(one.name, ANY) for one in fields(cls)})

    def takes(self, run: RunSummary) -> bool:
        return (
            (not self.framework or self.framework in run.targets)
            and (not self.workload or self.workload in run.workloads)
            and (not self.state or self.state == run.state)
            and (not self.profile or self.profile == run.profile)
            and (not self.diagnostics or (self.diagnostics == run.trust and not run.problem))
        )


@dataclass(frozen=True)
class FilterField:
    """One field of the form: its options as (value, words)."""

    name: str
    label: str
    options: tuple[tuple[str, str], ...]
    chosen: str


def summary_of(record: RunRecord, *, has_page: bool) -> RunSummary:
    plan = record.plan
    counts: dict[str, int] = {}
    for diagnostic, count in raised_diagnostics(record):
        counts[diagnostic.severity] = counts.get(diagnostic.severity, 0) + count
    done = len({cell.round for cell in record.cells})
    return RunSummary(
        run_id=record.run_id,
        started=_time_words(record.started_at),
        state=record.state,
        kind=plan.study.kind if plan.study else "bench",
        profile=plan.profile,
        load=load_words(plan),
        targets=plan.targets,
        workloads=plan.workloads,
        rounds=str(done) if done >= plan.rounds else f"{done} of {plan.rounds}",
        diagnostics=counts,
        page=f"{record.run_id}/report.html" if has_page else "",
    )


def index_document(
    runs: Sequence[RunSummary], wanted: Filter, *, has_history: bool = False
) -> Document:
    """The page of all runs, in the order given, those that the filter takes."""
    shown = [run for run in runs if wanted.takes(run)]
    block = _markup(
        "index.html",
        runs=shown,
        total=len(runs),
        choices=choices(runs, wanted),
        has_history=has_history,
    )
    return Document(
        title="Runs",
        facts=("Everything in results/, the newest first.",),
        sections=(Section("runs", f"{len(shown)} of {len(runs)} runs", (Raw(block),)),),
        script=_SCRIPT,
    )


def folder_document(run_id: str, names: Sequence[tuple[str, int]]) -> Document:
    """The files of one run with their sizes in bytes; `names` are relative to its folder."""
    block = _markup("folder.html", run_id=run_id, names=names)
    return Document(
        title=f"Run {run_id}",
        facts=(),
        sections=(Section("files", "Files", (Raw(block),)),),
    )


def runs_block(runs: Sequence[RunSummary]) -> Raw:
    """The runs as a table with links, for any page in the results folder."""
    return Raw(_markup("runs.html", runs=runs))


def choices(runs: Sequence[RunSummary], wanted: Filter) -> tuple[FilterField, ...]:
    """What can be chosen: what there is, and what is chosen now."""
    found = {
        "framework": sorted({target for run in runs for target in run.targets}),
        "workload": sorted({workload for run in runs for workload in run.workloads}),
        "state": sorted({run.state for run in runs}),
        "profile": sorted({run.profile for run in runs if run.profile}),
    }
    return (
        *(
            FilterField(
                name, name, (("", "all"), *((one, one) for one in values)), getattr(wanted, name)
            )
            for name, values in found.items()
        ),
        FilterField(
            "diagnostics", "diagnostics", (("", "all"), *_DOUBTS.items()), wanted.diagnostics
        ),
    )


def _markup(template: str, **values: object) -> Markup:
    return Markup(environment().get_template(template).render(**values))  # noqa: S704  # it escapes


def _time_words(moment: str) -> str:
    """E.g. "2026-11-22 10:42", in UTC; what is no time is told as it is."""
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        return moment
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"
