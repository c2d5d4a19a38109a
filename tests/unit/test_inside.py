"""A look inside a service: whose code a sample is, what a log says, and what a profiler refuses."""

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from bench import profiling
from bench.analysis import stacks
from bench.analysis.explain import explained
from bench.analysis.inside import agreements
from bench.analysis.stacks import Frame
from bench.analysis.stored import StoredRun
from bench.database.logged import is_planned, statements_in
from bench.errors import StoreError
from bench.model import CpuProfile, Finding, HotFunction, Kernel, Sessions, StatementTime, Traced
from bench.report.formats import Place, write_formats
from bench.report.render.flame import flame_page
from bench.report.run import run_document
from bench.report.sections.studies.inside import kernel_table
from bench.store import RunStore
from bench.targets import explanation_of, known_targets, select_targets

from .test_explain import plan_of, run_of

SITE = "/opt/lab/.venv/lib/python3.13/site-packages"
LIBRARY = "/usr/lib/python3.13"
SERVICE = "/opt/lab/services/drf"
SERVER = f"ThreadWorker.handle ({SITE}/gunicorn/workers/gthread.py:553)"
VIEW = f"dispatch ({SITE}/rest_framework/views.py:500)"
QUERY = f"filter ({SITE}/django/db/models/query.py:9)"
TEXT = f"""\
{SERVER} 10
{SERVER};{VIEW} 20
{SERVER};{VIEW};deepcopy ({LIBRARY}/copy.py:120) 5
{SERVER};{VIEW};to_representation ({SITE}/rest_framework/serializers.py:540) 15
{SERVER};{VIEW};retrieve ({SERVICE}/items/standard/views.py:12) 4
{SERVER};{VIEW};{QUERY};CursorWrapper._execute ({SITE}/django/db/backends/utils.py:105) 30
{SERVER};{VIEW};{QUERY} 6
{SERVER};{VIEW};dumps ({LIBRARY}/json/__init__.py:231) 8
Thread._bootstrap ({LIBRARY}/threading.py:1012) 2
"""
PROFILE = CpuProfile(
    rate_hz=200,
    duration_s=6.0,
    samples=1000,
    layers={"server": 120, "framework": 220, "orm": 400, "driver": 120, "validation": 140},
    hottest=(HotFunction("_execute", "django/db/backends/utils.py", "driver", 120),),
    held_s=5.0,
    cpu_s=5.6,
    plain_per_s=600.0,
    profiled_per_s=480.0,
    stacks="profiles/drf-read.folded",
    speedscope="profiles/drf-read.speedscope.json",
)
FINDING = Finding(
    "drf",
    "read",
    profile=PROFILE,
    kernel=Kernel(0.15, 2.5, 0.3, not_counted="this machine shows no hardware counters"),
    statements=(StatementTime("SELECT 1", 1.0, 1.0, 10.0, 4.0),),
    trace=(Traced("SELECT 1", ("Result  (cost=0.00..0.01)",)), Traced("COMMIT")),
    sessions=Sessions(30, {"idle": 18.5, "running": 1.0, "IO: WalSync": 0.5}, 0.62),
)


# --- stacks -----------------------------------------------------------------------------------


def test_a_sample_is_the_innermost_frames_that_is_somebodys() -> None:
    """What the standard library does for a framework is the framework's; a service's own is its."""
    found = stacks.parse(TEXT, SERVICE)
    assert stacks.by_layer(found) == {
        "server": 10,
        "framework": 25,
        "validation": 15,
        "orm": 6,
        "driver": 30,
        "json": 8,
        "service": 4,
        "interpreter": 2,
    }
    assert sum(stacks.by_layer(found).values()) == sum(found.values()) == 100


def test_a_planted_cost_shows_in_its_layer_and_no_other() -> None:
    """A serializer's field that burns is the serializers', a middleware the service's own."""
    planted = f"{SERVER};{VIEW};to_internal_value ({SITE}/rest_framework/fields.py:9) 50\n"
    before, after = (
        stacks.by_layer(stacks.parse(text, SERVICE)) for text in (TEXT, TEXT + planted)
    )
    assert {layer: after[layer] - before[layer] for layer in after} == {
        **dict.fromkeys(after, 0),
        "validation": 50,
    }


def test_a_service_can_say_whose_a_package_is() -> None:
    """Its table extends the lab's; the longest name that fits decides."""
    stack = (Frame("handle", "gunicorn/app.py"), Frame("work", "bottle.py"))
    assert stacks.layer_of(stack) == "server"
    assert stacks.layer_of(stack, {**stacks.PACKAGES, "bottle": "framework"}) == "framework"
    assert stacks.layer_of((Frame("get", "django/db/models/query.py"),)) == "orm"
    assert stacks.layer_of((Frame("get", "django/http/request.py"),)) == "framework"


def test_every_package_is_of_a_known_layer() -> None:
    """Of the lab's table and of what services add to it."""
    assert set(stacks.PACKAGES.values()) <= set(stacks.LAYERS)
    for target in select_targets(known_targets(), ("fastapi", "flask", "drf")):
        told = explanation_of(target)
        assert told is not None
        assert set(told.packages.values()) <= set(stacks.LAYERS)


def test_stored_stacks_say_the_same() -> None:
    """Folded, written and read again, they have the layers that they had."""
    found = stacks.parse(TEXT, SERVICE)
    again = stacks.parse(stacks.folded(found))
    assert stacks.by_layer(again) == stacks.by_layer(found)
    assert SITE not in stacks.folded(found)


def test_the_dearest_functions_come_first() -> None:
    """By the samples that ended in them."""
    first, *others = stacks.hottest(stacks.parse(TEXT, SERVICE))
    assert (first.function, first.layer, first.samples) == ("CursorWrapper._execute", "driver", 30)
    assert [function.samples for function in others] == sorted(
        (function.samples for function in others), reverse=True
    )


def test_speedscope_gets_every_sample() -> None:
    """Each stack with its frames and its weight."""
    found = stacks.speedscope(stacks.parse(TEXT, SERVICE), "drf-read")
    (profile,) = found["profiles"]  # type: ignore[misc]
    assert sum(profile["weights"]) == profile["endValue"] == 100
    frames = len(found["shared"]["frames"])  # type: ignore[index]
    assert all(place < frames for sample in profile["samples"] for place in sample)


def test_a_flame_graph_is_one_file_that_needs_no_network() -> None:
    """Every sample is in it, nothing is fetched, and no stack can end its script."""
    page = flame_page(stacks.folded(stacks.parse(f"</script><b> (x.py:1) 3\n{TEXT}")), "drf")
    assert "</script><b>" not in page
    assert "http://" not in page
    assert "https://" not in page
    data = page.split('id="data">')[1].split("</script>")[0]
    assert json.loads(data)["samples"] == 103


def test_a_flame_graph_has_the_colours_of_the_services_own_table() -> None:
    """What its service.toml says of a package holds for its picture as for its shares."""
    text = f"{SERVER};work ({SITE}/bottle.py:1) 3\n"
    stored = stacks.folded(stacks.parse(text, SERVICE))

    def layer_of_work(packages: dict[str, str]) -> str:
        data = flame_page(stored, "bottle", packages).split('id="data">')[1].split("</script>")[0]
        ((_, _, _, ((_, _, layer, _),)),) = json.loads(data)["tree"]
        return str(layer)

    assert layer_of_work({}) == "server"
    assert layer_of_work({"bottle": "validation"}) == "validation"


# --- ladder and profile -----------------------------------------------------------------------


def test_ladder_and_profile_agree_within_their_bounds() -> None:
    """Of a made-up service: 11 % server, 22 % framework, the rest below."""
    (found,) = explained(run_of(plan_of("drf")))
    assert {agreement.part: agreement.judgement for agreement in agreements(found, PROFILE)} == {
        "server": "agree",
        "framework": "agree",
        "handler and below": "agree",
    }


def test_a_profile_that_tells_something_else_is_said_to() -> None:
    """Where half of the time is in the framework, and the ladder has a fifth."""
    (found,) = explained(run_of(plan_of("drf"), speed=0.0))
    other = replace(PROFILE, layers={"server": 100, "framework": 600, "orm": 300})
    judged = {agreement.part: agreement.judgement for agreement in agreements(found, other)}
    assert judged["framework"] == "DISAGREE"
    assert judged["handler and below"] == "DISAGREE"


def test_few_samples_say_nothing() -> None:
    """No judgement is better than a guess."""
    (found,) = explained(run_of(plan_of("drf")))
    assert agreements(found, replace(PROFILE, samples=99)) == ()


# --- the database's log -----------------------------------------------------------------------


def test_the_statements_of_a_log_come_in_order() -> None:
    """Also those of several lines, and those whose parameters stand in an entry of their own."""
    log = (
        "2026-11-29 02:00:00.001 UTC [41] LOG:  statement: BEGIN\n"
        "2026-11-29 02:00:00.002 UTC [41] LOG:  statement: SELECT id\n"
        "\tFROM items\n"
        "2026-11-29 02:00:00.003 UTC [42] LOG:  execute q: SELECT a FROM t WHERE a=$1 AND b=$2\n"
        "2026-11-29 02:00:00.003 UTC [42] DETAIL:  Parameters: $1 = '7', $2 = 'it''s'\n"
        '2026-11-29 02:00:00.004 UTC [1] LOG:  parameter "log_statement" removed\n'
    )
    wanted = ["BEGIN", "SELECT id\nFROM items", "SELECT a FROM t WHERE a='7' AND b='it''s'"]
    assert [statement.sql for statement in statements_in(log)] == wanted
    prefix = "2026-11-29T02:00:00+00:00 machine onecore-postgres-drf[41]: "
    journal = "".join(f"{prefix}{line}\n" for line in log.splitlines())
    assert [statement.sql for statement in statements_in(journal)] == wanted


@pytest.mark.parametrize(
    ("statement", "planned"),
    [("SELECT 1", True), ("  (select 1)", True), ("update t set a = 1", True), ("BEGIN", False),
     ("ROLLBACK", False), ("", False)],
)  # fmt: skip
def test_only_what_is_planned_is_explained(statement: str, planned: bool) -> None:
    """BEGIN and its like have no plan."""
    assert is_planned(statement) == planned


# --- the profiler -----------------------------------------------------------------------------


def fake_profiler(folder: Path, script: str) -> tuple[str, ...]:
    """A program that is called as py-spy is; its last argument is where stacks go."""
    path = folder / "py-spy"
    path.write_text(f"#!/bin/sh\nfor last; do :; done\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return (str(path),)


def test_a_profile_is_recorded_while_the_load_goes_on(tmp_path: Path) -> None:
    """The stacks come back, and by how much it was late."""
    told = 'echo "py-spy> 0.50s behind in sampling, results may be inaccurate" >&2'
    command = fake_profiler(tmp_path, f'{told}\necho "a (b.py:1) 7" > "$last"')
    went: list[str] = []
    found = profiling.record(1, 1.0, lambda: went.append("load"), command)
    assert (found.folded.strip(), found.behind_s, found.why_not) == ("a (b.py:1) 7", 0.5, "")
    assert went == ["load"]


def test_a_process_that_may_not_be_traced_is_told_with_what_it_takes(tmp_path: Path) -> None:
    """An ordinary user, or hardening that forbids it: the lab goes on without a profile."""
    script = 'echo "Permission Denied: Try running again with elevated permissions" >&2\nexit 1'
    found = profiling.record(1, 1.0, lambda: None, fake_profiler(tmp_path, script))
    assert found.folded == ""
    assert "Permission Denied" in found.why_not
    assert "ptrace_scope" in found.why_not


def test_without_the_profiler_the_load_is_sent_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What else is looked at does not depend on it."""
    monkeypatch.setattr(profiling, "find_profiler", lambda: None)
    went: list[str] = []
    found = profiling.record(1, 1.0, lambda: went.append("load"))
    assert "not installed" in found.why_not
    assert went == ["load"]


def test_a_failing_load_ends_the_profiler_as_well(tmp_path: Path) -> None:
    """The failure is told, and nothing is left running."""
    command = fake_profiler(tmp_path, f"echo $$ > {tmp_path}/pid\nexec sleep 60")

    def fails() -> None:
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            pass
        raise RuntimeError("reset")

    with pytest.raises(RuntimeError, match="reset"):
        profiling.record(1, 1.0, fails, command)
    assert not Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}").exists()


# --- stored and shown -------------------------------------------------------------------------


def test_findings_are_stored_beside_the_run(tmp_path: Path) -> None:
    """They come back as they were; none are no fault, torn ones are one that is told."""
    store = RunStore(tmp_path / "run")
    store.create()
    assert store.read_findings() == ()
    store.write_findings((FINDING,))
    assert store.read_findings() == (FINDING,)
    store.findings.write_text("{")
    with pytest.raises(StoreError, match="torn"):
        store.read_findings()


def test_the_page_links_the_flame_graph(tmp_path: Path) -> None:
    """It is one click away, a file of its own, and says what profiling cost."""
    run = StoredRun(run_of(plan_of("drf")), findings=(FINDING,))
    (tmp_path / "profiles").mkdir()
    (tmp_path / PROFILE.stacks).write_text(stacks.folded(stacks.parse(TEXT, SERVICE)))
    document = run_document(run)
    write_formats(run, document, Place(tmp_path, tmp_path), ("html", "md"))
    page = (tmp_path / "report.html").read_text()
    assert 'href="profiles/drf-read.html"' in page
    assert "CursorWrapper._execute" in (tmp_path / "profiles" / "drf-read.html").read_text()
    told = (tmp_path / "report.md").read_text()
    assert "Ladder and profile" in told
    assert "80%" in told  # the rate with the profiler, of that without
    assert "Not counted: this machine shows no hardware counters." in told
    assert "IO: WalSync" in told


def test_instructions_and_cycles_are_shown_where_they_are_counted() -> None:
    """With how many of them a cycle has; without the kernel's own, that is said."""
    counted = Kernel(0.15, 2.5, 0.3, 1_200_000.0, 800_000.0, user_only=True)
    table = kernel_table((replace(FINDING, kernel=counted),))
    assert table.rows[0][-3:] == ("1,200,000", "800,000", "1.50")
    assert "Without the kernel's own" in table.caption


def test_a_service_that_nobody_could_look_into_is_told() -> None:
    """With the reason, and without a table of nothing."""
    failed = (
        Finding("drf", "read", failure="drf failed requests: {'timeout': 3}"),
        Finding("flask", "read", no_profile="py-spy: Permission Denied."),
    )
    run = StoredRun(run_of(plan_of("drf", "flask")), findings=failed)
    section = next(
        candidate for candidate in run_document(run).sections if candidate.name == "inside"
    )
    (notes,) = section.blocks
    assert "timeout" in notes.lines[0]  # type: ignore[union-attr]
    assert "Permission Denied" in notes.lines[1]  # type: ignore[union-attr]
