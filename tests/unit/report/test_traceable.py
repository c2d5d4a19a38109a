"""Every number on the page can be traced to rounds.jsonl.

A sample of each kind is computed again, from the stored lines alone and by other means than the
lab's: plain JSON, the standard library, SciPy, and HdrHistogram's own reader. The run was
measured and stored in format version 1, and keeps the reader of that version honest.
"""

import json
import math
from pathlib import Path
from statistics import fmean, stdev

import pytest
import scipy  # its statistics take a second to load: only where they are used
from hdrh.histogram import HdrHistogram

from bench.analysis.stored import StoredRun
from bench.report.render.html import html_page
from bench.report.run import run_document
from bench.store import RunStore
from tests.unit.report.test_page import Page

RUN = Path(__file__).parent / "run-version-1"
LINES = [json.loads(line) for line in (RUN / "rounds.jsonl").read_text().splitlines()]
CASES = [
    (target, workload) for target in ("fastapi", "flask", "drf") for workload in ("read", "create")
]


@pytest.fixture(scope="module")
def page() -> Page:
    store = RunStore(RUN)
    (record, torn), (samples, torn_samples) = store.read(), store.read_samples()
    assert not torn
    assert not torn_samples
    return Page(html_page(run_document(StoredRun(record, samples))))


def windows(target: str, workload: str) -> list[dict]:
    found = [
        phase
        for line in LINES
        if (line["target"], line["workload"]) == (target, workload)
        for phase in line["phases"]
    ]
    assert len(found) == 3
    return found


def shown_as(target: str) -> str:
    """The name that a target of version 1 is shown under."""
    return f"{target}-tuned"


def rows(page: Page, layer: str, axis: str) -> list[dict]:
    """The rows of the plot that has this layer and this word on an axis."""
    found = [
        spec["datasets"][layer]
        for spec in page.specs
        if layer in spec["datasets"] and axis in json.dumps(spec["layer"])
    ]
    assert len(found) == 1
    return found[0]


def row(found: list[dict], **wanted: object) -> dict:
    (figure,) = [each for each in found if all(each[key] == wanted[key] for key in wanted)]
    return figure


def interval(values: list[float]) -> tuple[float, float, float]:
    """Mean and Student's 95 % interval."""
    mean = fmean(values)
    half = scipy.stats.t.ppf(0.975, len(values) - 1) * stdev(values) / math.sqrt(len(values))
    return mean, mean - half, mean + half


@pytest.mark.parametrize(("target", "workload"), CASES)
def test_rates_and_intervals(page: Page, target: str, workload: str) -> None:
    """Requests by seconds, mean over rounds, Student's interval; each round has its dot."""
    rates = [
        window["load"]["succeeded"] / window["load"]["duration_s"]
        for window in windows(target, workload)
    ]
    mean, low, high = interval(rates)
    shown = row(rows(page, "means", "requests/s"), target=shown_as(target), operation=workload)
    assert shown["value"] == pytest.approx(mean)
    assert shown["high"] == pytest.approx(high)
    assert shown["low"] == pytest.approx(max(0, low))
    dots = [
        dot["value"]
        for layer in ("rounds", "invalid")
        for spec in page.specs
        for dot in spec["datasets"].get(layer, [])
        if (dot["target"], dot["operation"]) == (shown_as(target), workload)
    ]
    assert sorted(dots) == pytest.approx(sorted(rates))


@pytest.mark.parametrize(("target", "workload"), CASES)
def test_cost(page: Page, target: str, workload: str) -> None:
    """CPU seconds by requests, one stack for app, database and generator."""
    found = rows(page, "bars", "CPU time per request")
    start = 0.0
    for role in ("app", "database", "generator"):
        cost = fmean(
            1e6 * window[role]["cpu_s"] / window["load"]["succeeded"]
            for window in windows(target, workload)
            if not window["load"]["failures"]
        )
        shown = row(found, target=shown_as(target), operation=workload, role=role)
        assert shown["from"] == pytest.approx(start, rel=2e-6)
        assert shown["to"] - shown["from"] == pytest.approx(cost, rel=1e-5)
        start = shown["to"]


@pytest.mark.parametrize(("target", "workload"), CASES)
def test_service_times(page: Page, target: str, workload: str) -> None:
    """The quantiles of the stored histograms, added up by HdrHistogram's own reader."""
    total = HdrHistogram(1, 600_000_000, 3)
    for window in windows(target, workload):
        total.decode_and_add(window["load"]["latency"][workload]["hdr"])
    (found,) = [
        spec["datasets"]["marked"]
        for spec, label in zip(page.specs, page.labels, strict=True)
        if label.startswith(f"Distribution of service time, {workload}.")
    ]
    for percentile in (50.0, 90.0):
        nines = -math.log10(1 - percentile / 100)
        (shown,) = [
            mark
            for mark in found
            if mark["target"] == shown_as(target) and mark["y"] == pytest.approx(nines)
        ]
        # Definitions of a quantile differ by one rank, which is far where requests are few.
        beside = (percentile, percentile + 100 / total.total_count)
        low_ms, high_ms = (total.get_value_at_percentile(rank) / 1e3 for rank in beside)
        assert 0.998 * low_ms <= shown["x"] <= 1.002 * high_ms


def test_ratios(page: Page) -> None:
    """The mean of the log ratios within rounds."""
    for target, other, label in (("flask", "fastapi", "read"), ("drf", "flask", "create")):
        logs = [
            math.log(
                (ours["load"]["succeeded"] / ours["load"]["duration_s"])
                / (theirs["load"]["succeeded"] / theirs["load"]["duration_s"])
            )
            for ours, theirs in zip(by_round(target, label), by_round(other, label), strict=True)
        ]
        ratio = math.exp(fmean(logs))
        digits = 3 if ratio < 1 else 2
        assert f"{ratio:.{digits}f} ×" in page.text


def by_round(target: str, workload: str) -> list[dict]:
    found = {
        line["round"]: line["phases"][0]
        for line in LINES
        if (line["target"], line["workload"]) == (target, workload)
    }
    return [found[number] for number in sorted(found)]


@pytest.mark.parametrize("target", ["fastapi", "flask", "drf"])
def test_memory(page: Page, target: str) -> None:
    """The mean of what was read after the windows; the highest of all readings."""
    read = [
        window["app"]["memory"]["pss_bytes"]
        for workload in ("read", "create")
        for window in windows(target, workload)
    ]
    sampled = [
        reading["pss_bytes"]
        for reading in map(json.loads, (RUN / "samples.jsonl").read_text().splitlines())
        if reading["unit"] == f"onecore-{target}" and reading["pss_bytes"]
    ]
    shown = row(rows(page, "peaks", "memory (PSS)"), target=shown_as(target), role="app")
    assert shown["loaded"] == pytest.approx(fmean(read) / 1e6)
    assert shown["peak"] == pytest.approx(max(*read, *sampled) / 1e6)
