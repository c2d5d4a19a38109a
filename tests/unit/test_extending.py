"""What CONTRIBUTING says one touches to add something is enough: tried on a copy of the lab."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.targets import SERVICES

ROOT = SERVICES.parent
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()


class Copy:
    """A copy of `bench` in which whatever is added is noted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.touched: set[str] = set()
        shutil.copytree(ROOT / "bench", folder / "bench")  # as compiled as it is there
        (folder / "services").symlink_to(SERVICES)

    def write(self, path: str, text: str) -> None:
        self.touched.add(str(Path(path).parent) + "/")
        assert not (self.folder / path).exists()
        (self.folder / path).write_text(text)

    def change(self, path: str, before: str, after: str) -> None:
        self.touched.add(path)
        text = (self.folder / path).read_text()
        assert text.count(before) == 1, f"{before!r} is {text.count(before)} times in {path}"
        (self.folder / path).write_text(text.replace(before, after))

    def imports(self, path: str, line: str) -> None:
        """Adds an import before those that are there."""
        self.touched.add(path)
        text = (self.folder / path).read_text()
        added = re.sub("^from bench", f"{line}\nfrom bench", text, count=1, flags=re.MULTILINE)
        assert added != text
        (self.folder / path).write_text(added)

    def run(self, script: str) -> None:
        """Run a script that imports the copy, and the factories of these tests."""
        path = os.pathsep.join((str(self.folder), str(ROOT)))
        checked = f"import bench; assert bench.__file__.startswith({str(self.folder)!r})\n{script}"
        done = subprocess.run(
            (sys.executable, "-c", checked),
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


@pytest.fixture
def lab(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


def documented(what: str) -> set[str]:
    """The files and folders of `bench` that CONTRIBUTING names for adding this."""
    (places,) = re.findall(rf"^\| {re.escape(what)} \| (.*) \|$", CONTRIBUTING, re.MULTILINE)
    return set(re.findall(r"`(bench/[^`]+)`", places))


def test_a_metric(lab: Copy) -> None:
    """It stands among every figure of the page, and in its unit in what is exported."""
    lab.change(
        "bench/metrics.py",
        '    Metric(\n        "duration",',
        '    Metric("asked", "asked", "requests", "higher",\n'
        "           lambda window: window.load.succeeded + window.load.failed),\n"
        '    Metric(\n        "duration",',
    )
    assert lab.touched <= documented("a metric")
    lab.run("""
from bench.analysis.stored import StoredRun
from bench.report.sections.figures import figure_tables
from bench.report.tidy import column, tidy
from bench.metrics import METRICS
from tests.unit.factories import cell, record
run = record(cells=(cell(),))
(table,) = figure_tables(StoredRun(run))
assert ("asked", "requests") in [row[:2] for row in table.rows]
(window,) = run.cells[0].phases
asked = window.load.succeeded + window.load.failed
assert tidy(run).column(column(METRICS["asked"])).to_pylist() == [asked]
""")


def test_a_study(lab: Copy) -> None:
    """It is planned, goes on, is stored, read, shown, and told how to make again."""
    lab.change(
        "bench/model/study.py",
        "Study = Sweep |",
        '''@dataclass(frozen=True)
class Again(_Study):
    """The same once more."""

    times: int
    kind: Literal["again"] = "again"
    verb: ClassVar[str] = "again"
    variables: ClassVar[tuple[str, ...]] = ("TIMES", "SEED")

    @property
    def words(self) -> str:
        return f"{self.times} times the same"

    @property
    def settings(self) -> Mapping[str, str]:
        return {"TIMES": str(self.times)}


Study = Again | Sweep |''',
    )
    lab.imports("bench/model/__init__.py", "from bench.model.study import Again")
    lab.write(
        "bench/experiment/again.py",
        """
from bench.experiment.schedule import Step, first_missing

def next_of(record):
    plan = record.plan
    steps = [Step(n, w, (t,), plan.pacing, plan.window_s) for n in range(1, plan.study.times + 1)
             for w in plan.workloads for t in plan.targets]
    return lambda cells: first_missing(steps, cells)

def expected_cells(plan):
    return plan.study.times * len(plan.targets) * len(plan.workloads)
""",
    )
    procedures = "bench/experiment/procedures.py"
    lab.change(
        procedures,
        "    Sweep: Proc",
        "    Again: Procedure(again.next_of, again.expected_cells),\n    Sweep: Proc",
    )
    lab.imports(procedures, "from bench.model import Again")
    lab.imports(procedures, "from bench.experiment import again")
    lab.write(
        "bench/report/sections/studies/again.py",
        """
from bench.model import Again
from bench.report.document import Card, Prose, Section

def again(run):
    study = run.record.plan.study
    if not isinstance(study, Again):
        return None
    return Section("again", "Once more", (Prose(f"It was asked {study.times} times."),))

def again_cards(run):
    return tuple(Card(name, name, "1", "", "") for name in run.record.plan.targets)
""",
    )
    lab.change(
        "bench/report/sections/__init__.py",
        "    throughput,\n    verdict",
        "    again,\n    throughput,\n    verdict",
    )
    lab.imports(
        "bench/report/sections/__init__.py", "from bench.report.sections.studies.again import again"
    )
    reports = "bench/report/sections/studies/reports.py"
    lab.change(
        reports, "    Sweep: Study", "    Again: StudyReport(again_cards),\n    Sweep: Study"
    )
    lab.imports(reports, "from bench.model import Again")
    lab.imports(reports, "from bench.report.sections.studies.again import again_cards")
    # The verb makes the plan; nothing else has to know it.
    assert lab.touched | {"bench/cli/measuring.py", "bench/cli/verbs.py"} == documented("a study")
    lab.run("""
import pathlib
from dataclasses import replace
from bench.analysis.commands import commands
from bench.analysis.stored import StoredRun
from bench.experiment.procedures import procedure_of
from bench.model import Again
from bench.report.render.html import html_page
from bench.report.render.markdown import markdown
from bench.report.run import run_document
from bench.store import RunStore
from tests.unit.factories import cell, plan, record
again = plan(study=Again(2), targets=("flask",))
assert procedure_of(again).expected_cells(again) == 2
next_of = procedure_of(again).next_of(record(plan=again))
assert next_of(()).round == 1
done = (cell(1, "flask"), cell(2, "flask"))
assert next_of(done[:1]).round == 2
assert next_of(done) is None
store = RunStore(pathlib.Path("run"))
store.create()
store.write_record(record(plan=again))
read, _ = store.read()
assert read.plan.study == Again(2)
document = run_document(StoredRun(record(plan=again, cells=done)))
text = markdown(document)
assert "2 times the same" in text
assert "It was asked 2 times." in text
assert "Once more" in html_page(document)
assert list(commands(record(plan=again)))[-1] == "make again FRAMEWORK=flask TIMES=2 SEED=1"
""")


def test_an_engine(lab: Copy) -> None:
    """Its pacing is stored and shown, its main figure judged, and the engine found by it."""
    lab.change(
        "bench/model/pacing.py",
        "Pacing = ClosedLoop |",
        '''@dataclass(frozen=True)
class Bursts(_Pacing):
    """So many requests at once."""

    size: int
    kind: Literal["bursts"] = "bursts"
    verb: ClassVar[str] = "bench"
    time_word: ClassVar[str] = "burst time"
    time_told: ClassVar[str] = "Bursts: from the first request to the last byte."
    variables: ClassVar[tuple[str, ...]] = ("BURST", "SEED")

    @property
    def words(self) -> str:
        return f"bursts of {self.size}"

    @property
    def settings(self) -> Mapping[str, str]:
        return {"BURST": str(self.size)}


Pacing = Bursts | ClosedLoop |''',
    )
    lab.imports("bench/model/__init__.py", "from bench.model.pacing import Bursts")
    lab.change(
        "bench/analysis/measures.py", "{ClosedLoop: RATE,", "{Bursts: LATENCY, ClosedLoop: RATE,"
    )
    lab.imports("bench/analysis/measures.py", "from bench.model import Bursts")
    lab.write(
        "bench/load/bursts.py",
        """
from contextlib import contextmanager

class BurstEngine:
    pid = 7

@contextmanager
def burst_engine(pacing, lab, directory):
    yield BurstEngine()
""",
    )
    engines = "bench/experiment/engines.py"
    lab.change(engines, "    ClosedLoop: _gen", "    Bursts: burst_engine,\n    ClosedLoop: _gen")
    lab.imports(engines, "from bench.model import Bursts")
    lab.imports(engines, "from bench.load.bursts import burst_engine")
    assert lab.touched | {"bench/load/engine.py"} == documented("an engine")
    lab.run("""
import pathlib
from bench.analysis.commands import commands
from bench.analysis.measures import LATENCY, measures_of
from bench.analysis.stored import StoredRun
from bench.experiment.engines import Engines
from bench.load.bursts import BurstEngine
from bench.model import Bursts
from bench.report.render.html import html_page
from bench.report.run import run_document
from bench.store import RunStore
from tests.unit.factories import cell, plan, record
bursts = plan(pacing=Bursts(9))
engines = Engines(None, pathlib.Path())
first = engines.engine_for(Bursts(9))
assert isinstance(first, BurstEngine)
assert engines.engine_for(Bursts(5)) is first
assert measures_of(bursts)[0] is LATENCY
store = RunStore(pathlib.Path("run"))
store.create()
store.write_record(record(plan=bursts))
store.append_cells((cell(1, "flask", pacing=Bursts(9)),))
read, _ = store.read()
assert read.plan.pacing == read.cells[0].pacing == Bursts(9)
page = html_page(run_document(StoredRun(read)))
assert "bursts of 9" in page
assert "Burst time" in page
made = list(commands(record(plan=bursts)))[-1]
assert made == "make bench FRAMEWORK=fastapi,flask,drf BURST=9 SEED=1"
""")
