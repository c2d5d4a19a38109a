"""What CONTRIBUTING says one touches to add something is enough: tried on a copy of the project."""

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

COPIED = ("bench", "docs", "tests", "Makefile")
"""What is changed to add something; the rest of the project is linked."""

CHECKS = (
    "tests/unit/test_docs.py",
    "tests/unit/test_environment.py::test_every_variable_of_a_verb_is_let_through",
    "tests/unit/test_house.py::test_a_folder_of_the_report_is_seen_at_a_glance",
    "tests/unit/test_house.py::test_public_functions_say_what_comes_back",
)
"""What finds a place that was left out."""

OF_TESTS = "tests/unit/test_docs.py::test_every_test_says_what_it_shows"
"""Takes as long as all others, and no test is added."""

PAGES = tuple(
    f"tests/unit/report/test_golden.py::test_as_before[unfit-{form}]"
    for form in ("report.md", "terminal.txt", "page.txt")
)
"""What finds that a page shows something else; a small run is enough."""

REGENERATED = {
    "docs/schema/": "from bench.cli.lab import schema; schema()",
    "tests/unit/report/golden/": "import os; os.environ['ONECORE_WRITE_GOLDEN'] = '1'",
}
"""What CONTRIBUTING's commands write anew, and how they do."""

BEGINNING = """
import gc
gc.disable()
import bench, pytest
assert bench.__file__.startswith({folder!r})
"""

CHECKING = """
import sys
words = ("-c", "/dev/null", "--rootdir", ".", "--noconftest", "--import-mode=importlib", "-q")
# Both take time: the one writes, the other looks for garbage.
without = ("-p", "no:cacheprovider", "-p", "no:unraisableexception", "--deselect", {deselected!r})
sys.exit(pytest.main([*words, *without, *{checks}]))
"""

ASKED_FOR = """
import os
from bench.cli import measuring
from bench.cli.verbs import app

def asked_for(verb, **variables):
    '''The plan that make asks for with these variables; nothing is measured.'''
    plans = []
    def measured(plan, watcher, *, strict):
        plans.append(plan)
        return record(plan=plan)
    measuring.session.measure, measuring.show_run = measured, lambda record: None
    os.environ.update(variables)
    app([verb], result_action="return_value", print_error=False, exit_on_error=False)
    return plans.pop()
"""
"""For scripts that have `record` of the factories."""


class Copy:
    """A copy of the project in which whatever is added is noted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.touched: set[str] = set()
        self._regenerating: list[str] = []
        for path in ROOT.iterdir():
            if path.name not in COPIED:
                (folder / path.name).symlink_to(path)
            elif path.is_dir():
                # As compiled as it is there, without what others are just compiling.
                half_compiled = shutil.ignore_patterns("*.pyc.*")
                shutil.copytree(path, folder / path.name, ignore=half_compiled)
            else:
                shutil.copy2(path, folder)

    def write(self, path: str, text: str) -> None:
        self.touched.add(str(Path(path).parent) + "/")
        assert not (self.folder / path).exists()
        (self.folder / path).write_text(text)

    def change(self, path: str, before: str, after: str) -> None:
        self.touched.add(path)
        text = (self.folder / path).read_text()
        assert text.count(before) == 1, f"{before!r} is {text.count(before)} times in {path}"
        (self.folder / path).write_text(text.replace(before, after))

    def add_before(self, path: str, place: str, added: str) -> None:
        """Adds a text before another that is there."""
        self.change(path, place, added + place)

    def imports(self, path: str, line: str) -> None:
        """Adds an import before those that are there."""
        self.touched.add(path)
        text = (self.folder / path).read_text()
        added = re.sub("^from bench", f"{line}\nfrom bench", text, count=1, flags=re.MULTILINE)
        assert added != text
        (self.folder / path).write_text(added)

    def regenerate(self, path: str) -> None:
        """Have it written anew from the changed code, before anything is checked."""
        self.touched.add(path)
        self._regenerating.append(REGENERATED[path])

    def run(self, script: str, *checks: str) -> None:
        """Run a script that imports the copy with its tests, then the checks on the copy."""
        beginning = BEGINNING.format(folder=str(self.folder))
        checking = CHECKING.format(deselected=OF_TESTS, checks=(*CHECKS, *checks))
        done = subprocess.run(
            (sys.executable, "-c", "\n".join((beginning, *self._regenerating, script, checking))),
            cwd=self.folder,
            env={
                **os.environ,
                "PYTHONPATH": str(self.folder),
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def lab(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


def documented(what: str) -> set[str]:
    """The files and folders that CONTRIBUTING names for adding this, with the rows it refers to."""
    (row,) = re.findall(rf"^\| {re.escape(what)} \| (.*) \|$", CONTRIBUTING, re.MULTILINE)
    named = {name for name in re.findall(r"`([^`]+)`", row) if (ROOT / name).exists()}
    return named.union(*map(documented, re.findall(r"\*([^*]+)\*", row)))


def test_a_metric(lab: Copy) -> None:
    """It is among every figure of the page, in its unit in what is exported, and in the docs."""
    lab.add_before(
        "bench/metrics.py",
        '    Metric(\n        "duration",',
        '    Metric("asked", "requests asked", "requests", "higher",\n'
        "           lambda window: window.load.succeeded + window.load.failed),\n",
    )
    lab.add_before("docs/method.md", "| succeeded, failed |", "| requests asked | both |\n")
    lab.regenerate("tests/unit/report/golden/")
    assert lab.touched == documented("a metric")
    script = """
from bench.analysis.stored import StoredRun
from bench.report.sections.figures import figure_tables
from bench.report.tidy import column, tidy
from bench.metrics import METRICS
from tests.unit.factories import cell, record
run = record(cells=(cell(),))
(table,) = figure_tables(StoredRun(run))
assert ("requests asked", "requests") in [row[:2] for row in table.rows]
(window,) = run.cells[0].phases
asked = window.load.succeeded + window.load.failed
assert tidy(run).column(column(METRICS["asked"])).to_pylist() == [asked]
"""
    lab.run(script, *PAGES)


def test_a_study(lab: Copy) -> None:
    """It is asked for, goes on, is stored, read, shown, documented, and told how to make again."""
    lab.add_before(
        "bench/model/study.py",
        "Study = Sweep |",
        '''@dataclass(frozen=True)
class Again(_Study):
    """The same once more."""

    repeats: int
    kind: Literal["again"] = "again"
    verb: ClassVar[str] = "again"
    variables: ClassVar[tuple[str, ...]] = ("TIMES", "SEED")

    @property
    def words(self) -> str:
        """The study in words."""
        return f"{self.repeats} times the same"

    @property
    def settings(self) -> Mapping[str, str]:
        """The variables of `make` that ask for the same again."""
        return {"TIMES": str(self.repeats)}


''',
    )
    lab.change("bench/model/study.py", "Study = Sweep |", "Study = Again | Sweep |")
    lab.imports("bench/model/__init__.py", "from bench.model.study import Again")
    lab.write(
        "bench/experiment/again.py",
        '''
from bench.experiment.schedule import Step, first_missing

def next_of(record):
    """The first step that has no cell yet."""
    plan = record.plan
    steps = [Step(n, w, (t,), plan.pacing, plan.window_s) for n in range(1, plan.study.repeats + 1)
             for w in plan.workloads for t in plan.targets]
    return lambda cells: first_missing(steps, cells)

def expected_cells(plan):
    """How many cells there will be."""
    return plan.study.repeats * len(plan.targets) * len(plan.workloads)
''',
    )
    procedures = "bench/experiment/procedures.py"
    lab.add_before(
        procedures,
        "    Sweep: Proc",
        "    Again: Procedure(again.next_of, again.expected_cells),\n",
    )
    lab.imports(procedures, "from bench.model import Again")
    lab.imports(procedures, "from bench.experiment import again")
    lab.write(
        "bench/report/sections/studies/again.py",
        '''
from bench.model import Again
from bench.report.document import Card, Prose, Section

def again(run):
    """The section of the study; None where it is another."""
    study = run.record.plan.study
    if not isinstance(study, Again):
        return None
    return Section("again", "Once more", (Prose(f"It was asked {study.repeats} times."),))

def again_cards(run):
    """A card for each target."""
    return tuple(Card(name, name, "1", "", "") for name in run.record.plan.targets)
''',
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
    lab.add_before(reports, "    Sweep: Study", "    Again: StudyReport(again_cards),\n")
    lab.imports(reports, "from bench.model import Again")
    lab.imports(reports, "from bench.report.sections.studies.again import again_cards")
    lab.add_before(
        "bench/cli/measuring.py",
        "def saturate(",
        '''def again(
    *,
    choice: Choice = NOTHING_CHOSEN,
    times: Annotated[int, Parameter(env_var="TIMES", converter=whole)] = 2,
    seed: Seed = None,
) -> None:
    """Measure the same several times."""
    profile = select_profile(DEFAULT_PROFILE)
    plan = make_plan(profile, choice.targets, (one_workload("read"),), seed=drawn(seed))
    watcher = TerminalWatcher(out, err)
    plan = replace(plan, study=Again(times))
    show_run(watcher.watch(lambda: session.measure(plan, watcher, strict=False)))


''',
    )
    lab.imports("bench/cli/measuring.py", "from bench.model import Again")
    lab.imports("bench/cli/measuring.py", "from dataclasses import replace")
    lab.add_before("bench/cli/verbs.py", '    "sweep":', '    "again": "measuring:again",\n')
    lab.add_before("bench/environment.py", '"ARRIVALS",', '"TIMES", ')
    lab.add_before("Makefile", "sweep: $", "again: $(ready) ## Once more\n\t@$(BENCH) again\n\n")
    lab.add_before("docs/commands.md", "| `make sweep` |", "| `make again` | once more |\n")
    lab.add_before("docs/commands.md", "| `SEED=1` |", "| `TIMES=2` | how often |\n")
    lab.add_before(
        "docs/results-format.md", "`sweep` with its `levels`", "`again` with its `repeats`, "
    )
    lab.regenerate("docs/schema/")
    assert lab.touched == documented("a study")
    script = """
import pathlib
from bench.analysis.commands import commands
from bench.analysis.stored import StoredRun
from bench.experiment.procedures import procedure_of
from bench.model import Again
from bench.report.render.html import html_page
from bench.report.render.markdown import markdown
from bench.report.run import run_document
from bench.store import RunStore
from tests.unit.factories import cell, plan, record
assert asked_for("again", FRAMEWORK="flask", TIMES="3").study == Again(3)
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
"""
    lab.run(ASKED_FOR + script)


def test_an_engine(lab: Copy) -> None:
    """Its pacing is asked for, stored, shown, documented and judged; the engine is found by it, and
    sends.
    """
    lab.add_before(
        "bench/model/pacing.py",
        "Pacing = ClosedLoop |",
        '''@dataclass(frozen=True)
class Bursts(_Pacing):
    """So many requests at once."""

    at_once: int
    kind: Literal["bursts"] = "bursts"
    verb: ClassVar[str] = "bench"
    time_word: ClassVar[str] = "burst time"
    time_told: ClassVar[str] = "Bursts: from the first request to the last byte."
    variables: ClassVar[tuple[str, ...]] = ("BURST", "SEED")

    @property
    def words(self) -> str:
        """The pacing in words."""
        return f"bursts of {self.at_once}"

    @property
    def settings(self) -> Mapping[str, str]:
        """The variables of `make` that ask for the same again."""
        return {"BURST": str(self.at_once)}

    def require_in_range(self) -> None:
        """Raises UsageError when there is no request in a burst."""
        if self.at_once < 1:
            raise UsageError(f"BURST={self.at_once} is out of range", "Choose 1 or more.")


''',
    )
    lab.change("bench/model/pacing.py", "Pacing = ClosedLoop |", "Pacing = Bursts | ClosedLoop |")
    lab.imports("bench/model/__init__.py", "from bench.model.pacing import Bursts")
    lab.change(
        "bench/analysis/measures.py", "{ClosedLoop: RATE,", "{Bursts: LATENCY, ClosedLoop: RATE,"
    )
    lab.imports("bench/analysis/measures.py", "from bench.model import Bursts")
    lab.write(
        "bench/load/bursts.py",
        '''
import os
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from bench.load.process_channel import ignore
from bench.load.recorder import DurationRecorder
from bench.model import LoadResult

class BurstEngine:
    """Sends one burst in a window."""

    pid = os.getpid()

    def warm_up(self, spec, min_s, max_s):
        return None

    def prepare(self, spec):
        self._spec = spec
        self._durations = DurationRecorder()

    def go(self, on_progress=ignore):
        with ThreadPoolExecutor(self._spec.pacing.at_once) as pool:
            for duration_s in pool.map(self._send, range(self._spec.pacing.at_once)):
                self._durations.add(duration_s)

    def _send(self, _number):
        started_s = time.monotonic()
        urllib.request.urlopen(self._spec.base_url).read()
        return time.monotonic() - started_s

    def collect(self):
        seen = self._durations.distribution()
        return LoadResult(seen.max_s, seen.count, {}, {"read": seen}, 1, 1, seen.count)

@contextmanager
def burst_engine(pacing, lab, directory):
    """The engine, for as long as it is needed."""
    yield BurstEngine()
''',
    )
    engines = "bench/experiment/engines.py"
    lab.add_before(engines, "    ClosedLoop: _gen", "    Bursts: burst_engine,\n")
    lab.imports(engines, "from bench.model import Bursts")
    lab.imports(engines, "from bench.load.bursts import burst_engine")
    measuring = "bench/cli/measuring.py"
    lab.add_before(
        measuring,
        "    requests: Annotated",
        '    burst: Annotated[int | None, Parameter(env_var="BURST", converter=whole)] = None,\n',
    )
    lab.change(measuring, "rate, concurrency, arrivals)", "rate, concurrency, arrivals, burst)")
    planning = "bench/experiment/plan.py"
    lab.change(
        planning,
        '    arrivals: str = "",\n',
        '    arrivals: str = "",\n    burst: int | None = None,\n',
    )
    lab.add_before(
        planning,
        "    known = get_args(Arrivals)\n",
        "    if burst is not None:\n        return Bursts(burst)\n",
    )
    lab.imports(planning, "from bench.model import Bursts")
    lab.add_before("bench/environment.py", '"CONCURRENCY",', '"BURST", ')
    lab.add_before("docs/commands.md", "| `SEED=1` |", "| `BURST=9` | requests at once |\n")
    lab.add_before("docs/results-format.md", "`open` with `rate", "`bursts` with `at_once`, ")
    lab.regenerate("docs/schema/")
    assert lab.touched == documented("an engine")
    script = """
import pathlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from bench.analysis.commands import commands
from bench.analysis.measures import LATENCY, measures_of
from bench.analysis.stored import StoredRun
from bench.errors import UsageError
from bench.experiment.cell import Bench, load_spec
from bench.experiment.engines import Engines
from bench.experiment.schedule import steps
from bench.load.bursts import BurstEngine
from bench.model import Bursts
from bench.report.render.html import html_page
from bench.report.run import run_document
from bench.store import RunStore
from bench.workloads import WORKLOADS
from tests.unit.factories import THREE, cell, plan, record, window
assert asked_for("bench", FRAMEWORK="flask", BURST="9").pacing == Bursts(9)
with pytest.raises(UsageError, match="BURST=0 is out of range"):
    asked_for("bench", FRAMEWORK="flask", BURST="0")
bursts = plan(pacing=Bursts(9))
engines = Engines(None, pathlib.Path())
first = engines.engine_for(Bursts(9))
assert isinstance(first, BurstEngine)
assert engines.engine_for(Bursts(5)) is first
assert measures_of(bursts)[0] is LATENCY

class Answering(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *words):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
threading.Thread(target=server.serve_forever, daemon=True).start()
place = SimpleNamespace(base_url=lambda target: f"http://127.0.0.1:{server.server_port}/")
(phase,) = WORKLOADS["read"].phases(1, 10)
measured = Bench(place, bursts, first, {}, print)
first.prepare(load_spec(measured, next(steps(bursts)), THREE[1], phase))
first.go()
sent = first.collect()
assert sent.succeeded == 9

store = RunStore(pathlib.Path("run"))
store.create()
store.write_record(record(plan=bursts))
store.append_cells((cell(1, "flask", pacing=Bursts(9), phases=(window(load=sent),)),))
read, _ = store.read()
assert read.plan.pacing == read.cells[0].pacing == Bursts(9)
assert read.cells[0].phases[0].load == sent
page = html_page(run_document(StoredRun(read)))
assert "bursts of 9" in page
assert "Burst time" in page
made = list(commands(record(plan=bursts)))[-1]
assert made == "make bench FRAMEWORK=fastapi,flask,drf BURST=9 SEED=1"
"""
    lab.run(ASKED_FOR + script)
