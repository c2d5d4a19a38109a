"""Each check by table: what it says of which machine."""

import os

import pytest

from bench import preflight
from bench.host import Setting, Spin
from bench.host.cpus import Confinement, CpuClock, TurboSwitch
from bench.host.machine_facts import CpuShares
from bench.host.memory import MachineMemory
from bench.host.neighbours import BusyProcess, Interrupt
from bench.host.quota import Quota
from bench.model import Placement
from bench.preflight import examine

from .facts import FIT, GIB, PLACEMENT, check, facts

SHARED = Placement(app=(1,), database=(0,), generator=(0,), housekeeping=(0,))
BOOST = "/sys/devices/system/cpu/cpufreq/boost"


def clocks(*governors: str, top_khz: int = 3_500_000) -> tuple[CpuClock, ...]:
    return tuple(
        CpuClock(cpu, governor, ("performance", "powersave"), top_khz, 3_500_000)
        for cpu, governor in enumerate(governors)
    )


def cpus(busy: float = 0.0, steal: float = 0.0, cpu: int = 3) -> dict[int, CpuShares]:
    return {each: CpuShares(0.0, 0.0) for each in range(4)} | {cpu: CpuShares(busy, steal)}


def interrupt(number: int, count: int, *, effective: tuple[int, ...] = (3,)) -> Interrupt:
    return Interrupt(number, "eth0", (0, 1, 2, 3), effective, {3: count})


def memory(available: float = 4, swap: float = 0) -> MachineMemory:
    return MachineMemory(8 * GIB, int(available * GIB), int(swap * GIB), 0, 0)


def test_nothing_is_wrong_with_the_fit_machine() -> None:
    """Every check can be ok, and an ok check asks for nothing."""
    found = examine(FIT, PLACEMENT)
    assert {examined.name: examined.state for examined in found if examined.state != "ok"} == {}
    assert all(
        examined.seen and not examined.remedy and not examined.settings for examined in found
    )


@pytest.mark.parametrize(
    ("name", "changes", "state", "seen"),
    [
        pytest.param("CPU quota", {"quota": Quota(8.0)}, "note", "8 CPUs", id="ample quota"),
        pytest.param("CPU quota", {"quota": Quota(2.0)}, "bad", "for the 4", id="small quota"),
        pytest.param(
            "CPU quota",
            {"quota": Quota(8.0), "throttled": 2},
            "bad",
            "throttled 2",
            id="throttled now",
        ),
        pytest.param("SMT", {"smt_groups": ((1, 3),)}, "ok", "idle (CPU 1)", id="an idle sibling"),
        pytest.param(
            "SMT",
            {"smt_groups": ((1, 3),), "cpus": cpus(0.4, cpu=1)},
            "doubt",
            "CPU 1",
            id="a busy sibling",
        ),
        pytest.param(
            "CPUs",
            {"confinement": Confinement((0,), (0, 1, 2, 3), "/user.slice")},
            "note",
            "CPU 0 of 0-3 may be used: the cgroup /user.slice is confined",
            id="a confined session",
        ),
        pytest.param(
            "CPUs",
            {"confinement": Confinement((2, 3), (0, 1, 2, 3), "")},
            "ok",
            "as the affinity says",
            id="taskset",
        ),
        pytest.param("isolation", {"isolated": ()}, "note", "not isolated", id="not isolated"),
        pytest.param(
            "isolation",
            {"isolated": (), "others": {"system.slice": (0,), "docker": (0, 3)}},
            "note",
            "not isolated (docker may run there)",
            id="isolated but for one",
        ),
        pytest.param("governor", {"clocks": ()}, "note", "not shown", id="no governor shown"),
        pytest.param(
            "governor",
            {"clocks": clocks("performance", "powersave", "schedutil", "performance")},
            "doubt",
            "powersave, schedutil on CPUs 1-2",
            id="other governors",
        ),
        pytest.param("clock limits", {"clocks": ()}, "ok", "not shown", id="no limits shown"),
        pytest.param(
            "clock limits",
            {"clocks": clocks(*["performance"] * 4, top_khz=2_000_000)},
            "note",
            "held below",
            id="held back",
        ),
        pytest.param("turbo", {"turbo": ()}, "note", "no switch", id="no turbo switch"),
        pytest.param(
            "turbo", {"turbo": (TurboSwitch(BOOST, "1", "0"),)}, "doubt", "on", id="turbo on"
        ),
        pytest.param("heat", {"thermal_events": None}, "ok", "counted", id="heat not counted"),
        pytest.param("heat", {"thermal_events": 7}, "bad", "7 times in 1.0 s", id="hot"),
        pytest.param("clock speed", {"spins": ()}, "ok", "not probed", id="no probe"),
        pytest.param(
            "clock speed",
            {"spins": (Spin(3, 0.034, 0.04), Spin(3, 0.066, 0.07))},
            "doubt",
            "up to 94%",
            id="a clock of two speeds",
        ),
        pytest.param("app core", {"cpus": cpus(0.1)}, "doubt", "10% busy", id="some company"),
        pytest.param("app core", {"cpus": cpus(0.6)}, "bad", "CPU 3 is 60%", id="taken"),
        pytest.param("app core", {"cpus": cpus(0.6, cpu=0)}, "ok", "idle", id="others busy"),
        pytest.param("steal", {"cpus": cpus(steal=0.05)}, "doubt", "5.0%", id="some steal"),
        pytest.param("steal", {"cpus": cpus(steal=0.2)}, "bad", "20.0%", id="much steal"),
        pytest.param(
            "other processes",
            {"processes": tuple(BusyProcess(pid, "cc1", 0.5, 2) for pid in range(5))},
            "doubt",
            "and 2 more",
            id="a compiler at work",
        ),
        pytest.param(
            "other processes",
            {"processes": (BusyProcess(9, "systemd", 0.01, 0),)},
            "ok",
            "none above",
            id="what every machine does",
        ),
        pytest.param("load", {"load_average": 3.0}, "note", "3.00 on 4", id="just now busy"),
        pytest.param("load", {"pressure": {"memory": 0.4}}, "doubt", "memory 40%", id="work waits"),
        pytest.param("load", {"pressure": {}}, "ok", "load 0.10", id="no pressure shown"),
        pytest.param(
            "interrupts",
            {"interrupts": (interrupt(24, 10),)},
            "note",
            "1 can come",
            id="rare interrupts",
        ),
        pytest.param(
            "interrupts",
            {"interrupts": (interrupt(24, 5_000),)},
            "doubt",
            "5000/s did (24 eth0)",
            id="many interrupts",
        ),
        pytest.param(
            "interrupts",
            {"interrupts": (interrupt(24, 0, effective=(0,)),)},
            "ok",
            "none go",
            id="interrupts elsewhere",
        ),
        pytest.param("memory", {"memory": memory(0.5)}, "doubt", "0.5 of 8.0", id="little memory"),
        pytest.param("memory", {"memory": memory(0.1)}, "bad", "0.1 of", id="no memory"),
        pytest.param("swap", {"memory": memory(swap=1)}, "note", "nothing moves", id="old swap"),
        pytest.param("swap", {"swapped_pages": 9}, "bad", "9 pages", id="swapping"),
        pytest.param(
            "huge pages", {"huge_pages": "[always] madvise never"}, "note", "always", id="always"
        ),
        pytest.param("huge pages", {"huge_pages": ""}, "ok", "not offered", id="no huge pages"),
        pytest.param("virtualisation", {"virtualisation": "kvm"}, "doubt", "kvm", id="virtual"),
        pytest.param(
            "Python build",
            {"python_build": "'--enable-shared'"},
            "doubt",
            "PGO and LTO",
            id="plain Python",
        ),
        pytest.param(
            "Python build", {"python_build": ""}, "ok", "does not tell", id="a distribution's"
        ),
        pytest.param(
            "Python build",
            {"python_build": "--enable-optimizations"},
            "note",
            "without LTO",
            id="Python without LTO",
        ),
        pytest.param("clock source", {"clocksource": "hpet"}, "doubt", "hpet", id="slow clock"),
        pytest.param("clock source", {"clocksource": ""}, "ok", "not shown", id="no clock shown"),
        pytest.param("NMI watchdog", {"nmi_watchdog": "1"}, "note", "on", id="watchdog"),
        pytest.param(
            "memory layout", {"address_randomisation": "0"}, "note", "same", id="fixed layout"
        ),
        pytest.param(
            "memory layout", {"fixed_layout": True}, "note", "started from here", id="setarch"
        ),
        pytest.param("priority", {}, "ok", "usual", id="usual priority"),
        pytest.param("priority", {"niceness": 10}, "doubt", "nice 10", id="nice"),
        pytest.param("priority", {"niceness": -5}, "note", "nice -5", id="before others"),
        pytest.param(
            "priority", {"scheduler": os.SCHED_IDLE}, "doubt", "SCHED_IDLE", id="idle scheduler"
        ),
    ],
)
def test_check(name: str, changes: dict[str, object], state: str, seen: str) -> None:
    """The state follows from the fact, the seen value is told, and what is not ok has a remedy."""
    found = check(name, **changes)
    assert found.state == state
    assert seen in found.seen
    assert bool(found.remedy) == (state != "ok")
    assert bool(found.why) >= (state != "ok")


# --- placement --------------------------------------------------------------------------------


def test_a_shared_core_forbids_the_figures() -> None:
    """Whether app and generator share a CPU or are threads of one core."""
    shared = Placement(app=(0,), database=(0,), generator=(0,), housekeeping=(0,))
    assert check("cores", shared).forbids
    assert check("cores", SHARED, smt_groups=((0, 1),)).forbids


def test_a_small_machine_is_told_but_can_be_measured_on() -> None:
    """Two cores keep the app alone."""
    small = Placement(SHARED.app, SHARED.database, (0,), (0,), ("Database and generator share.",))
    found = check("cores", small)
    assert (found.state, found.forbids) == ("note", False)
    assert "Database and generator share" in found.seen


def test_targets_on_unequal_cores_are_doubted() -> None:
    """A machine with fast and slow cores would favour one framework."""
    two = Placement(app=(2, 3), database=(1,), generator=(1,), housekeeping=(0,))
    mixed = (CpuClock(2, top_khz=4_000_000), CpuClock(3, top_khz=2_000_000))
    found = check("clock limits", two, clocks=mixed)
    assert (found.state, "2.00 GHz and 4.00 GHz" in found.seen) == ("doubt", True)


# --- what can be set --------------------------------------------------------------------------


def test_a_cpu_without_tick_is_told() -> None:
    """Its clocks are not up to date in a turn; no remedy asks for nohz_full."""
    assert check("tick", nohz_full=(2,)).state == "ok"
    silent = check("tick", nohz_full=(2, 3))
    assert silent.state == "doubt"
    assert "CPU 3 without" in silent.seen
    assert "without nohz_full=3" in silent.remedy
    assert check("isolation", isolated=(), others=None).remedy == (
        "Boot with isolcpus=domain,managed_irq,3"
    )


def test_the_governor_is_set_where_it_is_wrong() -> None:
    """Only on CPUs that the lab uses."""
    found = check("governor", SHARED, clocks=clocks("powersave", "performance", "powersave"))
    assert found.settings == (
        Setting("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance"),
    )


def test_a_governor_that_the_kernel_lacks_is_not_set() -> None:
    """The remedy says so instead."""
    lacking = tuple(CpuClock(cpu, "userspace", ("userspace",)) for cpu in range(4))
    found = check("governor", clocks=lacking)
    assert found.settings == ()
    assert "no performance" in found.remedy


def test_turbo_is_switched_off_by_its_own_word() -> None:
    """Switches that are off already are left alone."""
    switches = (TurboSwitch("/a", "0", "1"), TurboSwitch("/b", "1", "1"))
    assert check("turbo", turbo=switches).settings == (Setting("/a", "1"),)


def test_interrupts_do_not_move_to_a_sibling_of_the_app_s_core() -> None:
    """It shares the core, and goes offline where SMT is switched off: then they would come back."""
    found = check("interrupts", interrupts=(interrupt(24, 1),), smt_groups=((1, 3), (0, 2)))
    assert [setting.value for setting in found.settings] == ["0,2"]


def test_interrupts_move_to_where_they_may_go_else_to_housekeeping() -> None:
    """An interrupt bound to the app's CPU alone has nowhere else to go by itself."""
    bound = Interrupt(26, "nvme", (3,), (3,), {3: 1})
    found = check("interrupts", interrupts=(interrupt(24, 1), bound))
    assert found.settings == (
        Setting("/proc/irq/24/smp_affinity_list", "0-2"),
        Setting("/proc/irq/26/smp_affinity_list", "0"),
    )


def test_the_remedy_is_what_this_user_can_paste() -> None:
    """Without root it goes through sudo, with the very Python that runs now."""
    on = (TurboSwitch(BOOST, "1", "0"),)
    assert check("turbo", turbo=on).remedy == "make tune"
    assert (
        check("turbo", turbo=on, is_root=False).remedy == "sudo /opt/lab/bin/python -m bench tune"
    )


def test_what_is_not_isolated_names_the_command_that_does_it() -> None:
    """`make isolate` where systemd can; the kernel's parameters where cgroups do not confine."""
    assert check("isolation", isolated=()).remedy.startswith("make isolate.")
    assert "sudo /opt/lab/bin/python -m bench isolate" in (
        check("isolation", isolated=(), is_root=False).remedy
    )
    assert check("isolation", isolated=(), others=None).remedy.startswith("Boot with isolcpus=")


def test_irqbalance_is_named_where_it_runs() -> None:
    """It would move back what is moved; where it does not run nothing is said of it."""
    landing = {"interrupts": (interrupt(9, 5),)}
    assert check("interrupts", **landing).remedy == ("Move those that can be moved: make tune")
    assert check("interrupts", **landing, irqbalance=True).remedy.startswith("irqbalance moves")


def test_siblings_go_last_and_come_back_first() -> None:
    """Their governors are set before they are gone; what cannot be switched is not tried."""
    changes: dict[str, object] = {"smt_groups": ((1, 3),), "cpus": cpus(0.4, cpu=1)}
    powersave = tuple(CpuClock(cpu, "powersave", ("performance", "powersave")) for cpu in range(4))
    found = preflight.settings(examine(facts(**changes, clocks=powersave), PLACEMENT))
    assert [setting.name for setting in found if "smt" in setting.name] == [found[-1].name]
    assert found[-1].value == "off"
    assert len(found) > 1
    assert check("SMT", **changes, smt="notsupported").settings == ()


@pytest.mark.parametrize(
    ("python", "remedy"),
    [
        ("/nix/store/abc-onecore-python-dev/bin/python", "nix develop .#optimised"),
        ("/home/me/onecore/.venv/bin/python", "uv python install"),
    ],
)
def test_a_faster_python_is_named_where_one_is_to_be_had(python: str, remedy: str) -> None:
    """There is no .venv to remove in a Nix shell, and uv's Pythons do not run on NixOS."""
    found = check("Python build", python_build="'--enable-shared'", python_executable=python)
    assert remedy in found.remedy
