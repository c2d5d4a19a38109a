"""The page of a run tells the truth, whatever the run was and however it ended."""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser

import altair as alt
import pytest

from bench.analysis.stored import StoredRun
from bench.experiment.plan import PROFILES
from bench.model import Diagnostic, PhaseResult
from bench.report.document import Document, Prose, Section
from bench.report.formats import Place, write_formats
from bench.report.render.html import html_page
from bench.report.render.library import vega_code
from bench.report.run import run_document
from bench.report.sections import SECTIONS, sections
from bench.workloads import WORKLOADS, Workload
from tests.unit.factories import cell, distribution, load_result, plan, role_cost, window
from tests.unit.report.materials import BEGAN, RUNS, TARGETS, bench, cells, material, samples

ROUNDS_LIMIT = PROFILES["publish"].rounds_limit

ALWAYS = {"answer", "provenance"}
BENCH = ALWAYS | {"throughput", "verdicts", "cost", "latency", "over-time", "equality", "figures"}
EXPECTED = {
    "bench": BENCH,
    "warnings": BENCH,
    "unfit": BENCH,
    "one framework": BENCH - {"verdicts", "equality"},
    "one round": BENCH,
    "interrupted": BENCH,
    "interrupted at once": ALWAYS | {"cost", "over-time", "equality"},
    "no cell fit": BENCH - {"latency", "figures"},
    "failed requests only": BENCH,
    "open loop": BENCH,
    "crud": BENCH,
    "mixed": BENCH,
    "sweep": ALWAYS | {"scalability", "cost", "over-time", "equality"},
    "sweep, interrupted at once": ALWAYS | {"cost", "over-time", "equality"},
    "saturation": ALWAYS | {"saturation", "cost", "over-time", "equality"},
    "saturation, interrupted": ALWAYS | {"saturation", "cost", "over-time", "equality"},
    "unknown target": BENCH - {"verdicts", "equality"},
}


ANNOUNCED = {
    *("bench", "warnings", "unfit", "one framework", "one round", "interrupted"),
    *("failed requests only", "open loop", "crud"),
}
"""Runs of more than one operation with figures: the cards tell one, the others follow below."""


def flattened(rows: list[dict], along: list[str]) -> list[dict]:
    """What Vega's flatten transform makes of packed rows."""
    return [
        {**row, **dict(zip(along, values, strict=True))}
        for row in rows
        for values in zip(*(row[name] for name in along), strict=True)
    ]


class Page(HTMLParser):
    """What a browser would see: sections, specifications, addresses, and the words.

    The rows of each plot are in its specification, packed or shared as they may be on the page.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.sections: list[str] = []
        self.specs: list[dict] = []
        self.addresses: list[str] = []
        self.words: list[str] = []
        self.labels: list[str] = []
        self.shared: dict[str, list[dict]] = {}
        self._inside = ""
        self.feed(text)
        for spec in self.specs:
            spec["datasets"] = dict(self._rows(spec))

    def _rows(self, spec: dict) -> Iterator[tuple[str, list[dict]]]:
        for name, found in spec["datasets"].items():
            rows = self.shared[found] if isinstance(found, str) else found
            along = next(
                (
                    transform["flatten"]
                    for layer in spec["layer"]
                    if (layer.get("data") or spec["data"])["name"] == name
                    for transform in layer.get("transform", ())
                    if "flatten" in transform
                ),
                None,
            )
            yield name, flattened(rows, along) if along else rows

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        if tag == "section":
            self.sections.append(found["id"] or "")
        if found.get("role") == "img":
            self.labels.append(found["aria-label"] or "")
        self.addresses += [found[name] or "" for name in ("src", "href") if name in found]
        is_spec = tag == "script" and "data-plot" in found
        kind = "spec" if is_spec else "shared" if found.get("id") == "shared-rows" else tag
        self._inside = kind if tag in ("script", "style") else ""

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "spec":
            self.specs.append(json.loads(data))
        elif self._inside == "shared":
            self.shared = json.loads(data)
        elif not self._inside:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@cache
def page(name: str, **changes: object) -> Page:
    return Page(html_page(run_document(material(name, **changes))))


@pytest.mark.parametrize("name", RUNS)
def test_every_run_has_its_sections(name: str) -> None:
    """What was measured is shown; what was not leaves no empty section."""
    assert set(page(name).sections) == EXPECTED[name]


@pytest.mark.parametrize("name", RUNS)
def test_no_placeholder_stands_for_a_figure(name: str) -> None:
    """Not measured is said in words."""
    text = page(name).text.lower()
    for word in ("nan", "none ", "inf,", "{{", "undefined", "object at"):
        assert f" {word}" not in text


@pytest.mark.parametrize("name", RUNS)
def test_nothing_follows_where_nothing_was_measured(name: str) -> None:
    """Only what has figures is announced."""
    assert ("follow below" in page(name).text) == (name in ANNOUNCED)


@pytest.mark.parametrize("name", RUNS)
def test_no_plot_is_blank(name: str) -> None:
    """Every plot has layers, every layer has rows, and every row has its figures."""
    for spec in page(name).specs:
        assert spec["layer"]
        for layer in spec["layer"]:
            data = layer.get("data") or spec["data"]
            assert spec["datasets"][data["name"]]


@pytest.mark.parametrize("name", ["unfit", "open loop", "sweep", "saturation"])
def test_every_plot_is_valid_vega_lite(name: str) -> None:
    """Against Vega-Lite's own JSON Schema."""
    for spec in page(name).specs:
        alt.TopLevelSpec.validate({**spec, "datasets": {}})


@pytest.mark.parametrize("name", RUNS)
def test_every_plot_is_told_in_words(name: str) -> None:
    """Who cannot see a plot hears its figures."""
    found = page(name)
    assert len(found.labels) == len(found.specs)
    assert all(len(label) > 30 for label in found.labels)


def test_a_page_fetches_nothing() -> None:
    """Links lead within the page; there is nothing else to follow."""
    assert all(address.startswith(("#", "data:")) for address in page("bench").addresses)


def longest_run() -> StoredRun:
    """All workloads as often as `publish` may repeat them, with wide latencies and noisy readings.

    Most of the rounds are copies with a rate and a CPU time of their own.
    """
    noise = random.Random(1)
    first = [
        cell(1, target, workload.name, phases=tuple(noisy_windows(workload, noise)))
        for workload in WORKLOADS.values()
        for target in TARGETS
    ]
    every = []
    for number in range(1, ROUNDS_LIMIT + 1):
        for pattern in first:
            at = BEGAN + 4 * len(every)
            phases = tuple(
                varied(part, at + 0.5 * turn, noise) for turn, part in enumerate(pattern.phases)
            )
            every.append(replace(pattern, round=number, phases=phases))
    run = bench(plan=plan(workloads=tuple(WORKLOADS), rounds=ROUNDS_LIMIT), cells=tuple(every))
    readings = [
        replace(sample, cpu_s=sample.cpu_s * noise.uniform(0.9, 1.0)) for sample in samples(9_000)
    ]
    return StoredRun(run, tuple(readings))


def noisy_windows(workload: Workload, noise: random.Random) -> Iterator[PhaseResult]:
    for phase in workload.phases(1, 1000):
        latency = {
            share.operation: distribution([noise.lognormvariate(-5, 1) for _ in range(2_000)])
            for share in phase.shares
        }
        yield window(phase.name, load=load_result(2_000, 8.0, latency=latency))


def varied(part: PhaseResult, at: float, noise: random.Random) -> PhaseResult:
    load = replace(part.load, duration_s=8 * noise.uniform(0.8, 1.2), started_at_unix_s=at)
    return replace(part, load=load, app=role_cost(8 * noise.uniform(0.8, 1.0)))


def test_a_page_is_small_enough_to_attach(tmp_path) -> None:
    """Below 2 MB with all of Vega in it, also for the longest run that `publish` may become."""
    run = longest_run()
    write_formats(run, run_document(run), Place(tmp_path, tmp_path), ("html",))
    size = (tmp_path / "report.html").stat().st_size
    assert 1_200_000 < size < 2_000_000


def test_the_library_is_kept_and_closes_no_element(tmp_path) -> None:
    """Bundled once; a second page reads the same text from the folder."""
    first = vega_code(tmp_path)
    (kept,) = tmp_path.iterdir()
    assert "</script" not in first
    kept.write_text("kept")
    assert vega_code(tmp_path) == "kept"


def test_what_comes_from_outside_is_escaped() -> None:
    """A service's answer in an error message is text, never markup."""
    found = Document("<b>t</b>", (), (Section("s", "s", (Prose("<script>alert(1)</script>"),)),))
    text = html_page(found)
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text
    assert "<b>t</b>" not in text


def test_the_state_of_the_run_comes_first() -> None:
    """An interrupted run says so in its answer, with the command that goes on."""
    text = page("interrupted").text
    assert "This run is interrupted" in text
    assert "make bench RESUME=" in text


def test_warnings_stand_in_the_answer() -> None:
    """Not in a footnote: beside the figures that they are about."""
    (answer, *_) = sections(material("warnings"))
    told = [
        diagnostic.code
        for block in answer.blocks
        if block.kind == "diagnostics"
        for diagnostic, _ in block.found
    ]
    assert {"errors", "foreign-cpu", "host-turbo"} <= set(told)


@pytest.mark.parametrize(("count", "words"), [(1, "1 note on this"), (2, "2 notes on this")])
def test_notes_are_counted_in_words(count: int, words: str) -> None:
    """The page says in words how many notes a run has."""
    notes = tuple(Diagnostic(f"note-{n}", "seen", "mend it", "note") for n in range(count))
    assert words in Page(html_page(run_document(StoredRun(bench(diagnostics=notes))))).text


def test_torn_lines_are_told() -> None:
    """What could not be read is a doubt about the whole run."""
    assert (
        "rounds.jsonl, line 3 is torn"
        in page("bench", unreadable=("rounds.jsonl, line 3 is torn and left out",)).text
    )


def test_an_unfit_target_has_a_card_and_no_figure() -> None:
    """Not measured, and why."""
    text = page("unfit").text
    assert "not measured" in text
    assert "POST /items/ answered 500" in text


def test_open_and_closed_loop_are_never_in_one_plot() -> None:
    """Service time in a closed loop, latency in an open loop, and the other word nowhere."""
    closed = [spec for spec in page("bench").specs if "service time" in json.dumps(spec)]
    opened = [spec for spec in page("open loop").specs if "latency, ms" in json.dumps(spec)]
    assert closed
    assert opened
    assert not any("latency, ms" in json.dumps(spec) for spec in closed)
    assert not any("service time" in json.dumps(spec) for spec in opened)


def test_every_section_function_is_listed_once() -> None:
    """A section is one function in one list."""
    assert len(set(SECTIONS)) == len(SECTIONS)


def test_without_samples_the_time_plots_are_left_out() -> None:
    """A run of which only the rounds were kept still has its page."""
    assert "over-time" not in page("bench", samples=()).sections


def test_markdown_fits_a_comment(tmp_path) -> None:
    """GitHub takes 65,536 characters; nine workloads and every kind of doubt stay far below."""
    names = ("create", "read", "update", "delete", "list", "mixed", "echo", "ping", "crud")
    diagnostics = tuple(
        Diagnostic(f"doubt-{n}", "what was seen " * 10, "a remedy") for n in range(30)
    )
    run = bench(
        plan=plan(workloads=names, rounds=2),
        cells=cells(workloads=names, rounds=2),
        diagnostics=diagnostics,
    )
    write_formats(StoredRun(run), run_document(StoredRun(run)), Place(tmp_path, tmp_path), ("md",))
    assert 5_000 < len((tmp_path / "report.md").read_text()) < 65_536
