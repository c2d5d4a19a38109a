"""Placements by table: which CPU serves what on which machine."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.placement import Topology, format_cpulist, parse_cpulist, plan_placement


def cpus(text: str) -> tuple[int, ...]:
    return parse_cpulist(text)


def groups(*texts: str) -> tuple[tuple[int, ...], ...]:
    return tuple(map(parse_cpulist, texts))


ONE = Topology(cpus("0"))
TWO = Topology(cpus("0-1"), groups("0", "1"), groups("0-1"))
TWO_THREADS = Topology(cpus("0-1"), groups("0-1"))
THREE = Topology(cpus("0-2"))
FOUR = Topology(cpus("0-3"))
FOUR_SMT = Topology(cpus("0-3"), groups("0-1", "2-3"))
FOUR_THREADS = Topology(cpus("0-3"), groups("0-3"))
EIGHT = Topology(cpus("0-7"))
EIGHT_SMT = Topology(cpus("0-7"), groups("0,4", "1,5", "2,6", "3,7"))
SIXTEEN_NUMA = Topology(cpus("0-15"), numa_nodes=groups("0-7", "8-15"))
FOUR_NUMA = Topology(cpus("0-3"), numa_nodes=groups("0-1", "2-3"))
CPUSET = Topology(cpus("2-3"), groups("0", "1", "2", "3"), groups("0-3"))
CPUSET_HALF_CORES = Topology(cpus("2-3"), groups("0,2", "1,3"))
CPUSET_ONE_CORE = Topology(cpus("2-3"), groups("0-1", "2-3"))
PARTIAL = Topology(cpus("0-6"), groups("0,4", "1,5", "2,6", "3,7"))
SCATTERED = Topology(cpus("1,9,17"), groups("1,9"))


@pytest.mark.parametrize(
    ("topology", "app", "database", "generator", "housekeeping", "notes"),
    [
        pytest.param(ONE, "0", "0", "0", "0", ["mean nothing"], id="one CPU"),
        pytest.param(TWO, "1", "0", "0", "0", ["share one core (CPU 0)"], id="two"),
        pytest.param(
            TWO_THREADS, "1", "0", "0", "0", ["threads of one physical core"], id="two threads"
        ),
        pytest.param(
            THREE, "2", "0", "1", "0", ["Database and housekeeping share"], id="three"
        ),
        pytest.param(FOUR, "3", "2", "1", "0", [], id="four"),
        pytest.param(FOUR_SMT, "2", "0", "1", "0", ["share one core (CPUs 0-1)"], id="four SMT"),
        pytest.param(
            FOUR_THREADS, "3", "0-2", "0-2", "0-2", ["one physical core"], id="four threads"
        ),
        pytest.param(EIGHT, "7", "5-6", "4", "0", [], id="eight"),
        pytest.param(EIGHT_SMT, "3", "2,6", "1", "0,4", [], id="eight SMT"),
        pytest.param(SIXTEEN_NUMA, "15", "13-14", "12", "0", [], id="sixteen on two nodes"),
        pytest.param(
            FOUR_NUMA, "3", "2", "1", "0", ["generator is on another one"], id="four on two nodes"
        ),
        pytest.param(CPUSET, "3", "2", "2", "2", ["share one core (CPU 2)"], id="cpuset 2-3"),
        pytest.param(
            CPUSET_HALF_CORES, "3", "2", "2", "2",
            ["share one core (CPU 2)", "not ours (CPU 1)"], id="cpuset of two half cores",
        ),
        pytest.param(
            CPUSET_ONE_CORE, "3", "2", "2", "2", ["CPUs 2-3 are threads"], id="cpuset of one core"
        ),
        pytest.param(PARTIAL, "2", "1,5", "3", "0,4", [], id="the app prefers a whole core"),
        pytest.param(
            SCATTERED, "17", "1", "9", "1", ["share one core (CPUs 1,9)"], id="odd numbers"
        ),
    ],
)  # fmt: skip
def test_one_app(
    topology: Topology,
    app: str,
    database: str,
    generator: str,
    housekeeping: str,
    notes: list[str],
) -> None:
    """Each kind of machine gives one app the best place that it has, and notes what it lacks."""
    placement = plan_placement(topology)
    found = (placement.app, placement.database, placement.generator, placement.housekeeping)
    assert tuple(map(format_cpulist, found)) == (app, database, generator, housekeeping)
    assert len(placement.notes) == len(notes)
    for note, part in zip(placement.notes, notes, strict=True):
        assert part in note


@pytest.mark.parametrize(
    ("topology", "app", "database", "generator", "notes"),
    [
        pytest.param(ONE, "0", "0", "0", ["mean nothing", "3 frameworks share 1 core"], id="one"),
        pytest.param(TWO, "1", "0", "0", ["3 frameworks share 1 core", "share one"], id="two"),
        pytest.param(THREE, "1-2", "0", "0", ["3 frameworks share 2", "share one"], id="three"),
        pytest.param(FOUR, "1-3", "0", "0", ["share one core"], id="four"),
        pytest.param(EIGHT, "5-7", "2-4", "1", [], id="eight"),
        pytest.param(SIXTEEN_NUMA, "13-15", "9-12", "8", [], id="sixteen on two nodes"),
        pytest.param(
            FOUR_NUMA, "1-3", "0", "0",
            ["share one core", "more than one NUMA node"], id="four on two nodes",
        ),
    ],
)  # fmt: skip
def test_three_apps_at_once(
    topology: Topology, app: str, database: str, generator: str, notes: list[str]
) -> None:
    """Three apps have cores of their own where there are enough."""
    placement = plan_placement(topology, apps_at_once=3)
    found = (placement.app, placement.database, placement.generator)
    assert tuple(map(format_cpulist, found)) == (app, database, generator)
    assert len(placement.notes) == len(notes)
    for note, part in zip(placement.notes, notes, strict=True):
        assert part in note


@st.composite
def topologies(draw: st.DrawFn) -> Topology:
    """Machines of up to 24 CPUs, in any grouping, of which any part is ours."""
    everything = draw(st.permutations(range(draw(st.integers(1, 24)))))
    threads = draw(st.sampled_from([1, 2, 4]))
    nodes = draw(st.sampled_from([1, 2, 3]))
    ours = draw(st.sets(st.sampled_from(everything), min_size=1))
    return Topology(
        tuple(ours),
        tuple(itertools.batched(everything, threads, strict=False)),
        tuple(tuple(everything[i::nodes]) for i in range(nodes)),
    )


@given(topology=topologies(), apps=st.integers(1, 4))
def test_every_machine_gets_a_lawful_placement(topology: Topology, apps: int) -> None:
    """On any machine each role has CPUs, of those that it may use."""
    placement = plan_placement(topology, apps)
    roles = (placement.app, placement.database, placement.generator, placement.housekeeping)
    ours = set(topology.cpus)
    for role in roles:
        assert role
        assert list(role) == sorted(set(role))
        assert set(role) <= ours
    core_of = {cpu: group for group in topology.smt_groups for cpu in group}
    app_cores = {core_of[cpu] for cpu in placement.app}
    other_cores = {core_of[cpu] for role in roles[1:] for cpu in role}
    if len({core_of[cpu] for cpu in ours}) > 1:
        assert not app_cores & other_cores
        assert len(app_cores) == len(placement.app) <= apps
    assert plan_placement(topology, apps) == placement


@given(topology=topologies())
def test_shortage_is_always_told(topology: Topology) -> None:
    """A machine with too few cores is never without a note."""
    core_of = {cpu: group for group in topology.smt_groups for cpu in group}
    if len({core_of[cpu] for cpu in topology.cpus}) < 4:
        assert plan_placement(topology).notes


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (((),), "at least one CPU"),
        (((-1, 0),), "negative"),
        (((0, 1), ((0, 1), (1, 2))), "CPU 1 is in more than one SMT group"),
        (((0, 1), (), ((0,), (0, 1))), "CPU 0 is in more than one NUMA group"),
    ],
)
def test_impossible_machines_are_refused(arguments: tuple[tuple[int, ...]], match: str) -> None:
    """A topology that contradicts itself is refused."""
    with pytest.raises(ValueError, match=match):
        Topology(*arguments)


def test_no_app_is_refused() -> None:
    """A placement for nobody is refused."""
    with pytest.raises(ValueError, match="at least one app"):
        plan_placement(ONE, apps_at_once=0)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("0-3,8", (0, 1, 2, 3, 8)),
        ("0", (0,)),
        ("0-1\n", (0, 1)),
        ("", ()),
        ("\n", ()),
        ("3,1-2", (1, 2, 3)),
        ("1,1-2", (1, 2)),
        ("127", (127,)),
    ],
)
def test_parse_cpulist(text: str, numbers: tuple[int, ...]) -> None:
    """The kernel's lists of CPUs are read."""
    assert parse_cpulist(text) == numbers


@pytest.mark.parametrize("text", ["a", "0-", "-1", "1,,2", "0-3:2", "3-1", "1;2", "0x3", "²", ","])
def test_parse_cpulist_refuses(text: str) -> None:
    """What is no list of CPUs is refused."""
    with pytest.raises(ValueError, match=r"not a list|backwards"):
        parse_cpulist(text)


@given(numbers=st.sets(st.integers(0, 200)))
def test_cpulists_survive_a_round_trip(numbers: set[int]) -> None:
    """Any set of CPUs is the same after writing and reading."""
    assert set(parse_cpulist(format_cpulist(numbers))) == numbers


@pytest.mark.parametrize(
    ("numbers", "text"),
    [((8, 0, 1, 2, 3), "0-3,8"), ((), ""), ((5,), "5"), ((1, 3, 5), "1,3,5"), ((0, 1), "0-1")],
)
def test_format_cpulist(numbers: tuple[int, ...], text: str) -> None:
    """Neighbours are written as ranges, as the kernel does."""
    assert format_cpulist(numbers) == text
