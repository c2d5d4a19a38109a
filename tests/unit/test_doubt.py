"""What limited a window, and when its figure is doubted."""

from bench.analysis.diagnostics import (
    impossible_cost,
    limited_by,
    requests_failed,
    window_diagnostics,
)
from bench.model import (
    ClosedLoop,
    CpuTimes,
    Lateness,
    LoadResult,
    OpenLoop,
    Pacing,
    Placement,
    Users,
)

from .factories import distribution, load_result, placement, role_cost

LOAD = load_result(1000, 1.0)
CLOSED = ClosedLoop(20)
OWN_CORES = Placement(app=(3,), database=(1, 2), generator=(0,), housekeeping=(0,))


def limit(app_s: float, database_s: float, generator_s: float, where: Placement) -> str:
    roles = (role_cost(seconds) for seconds in (app_s, database_s, generator_s))
    return limited_by(LOAD, *roles, CpuTimes(app_s, 0.0, 0.0), where, CLOSED)


def limit_beside(
    app_s: float,
    foreign_s: float,
    steal_s: float = 0.0,
    *,
    load: LoadResult = LOAD,
    pacing: Pacing = CLOSED,
    database_s: float = 0.3,
    generator_s: float = 0.3,
) -> str:
    """What limits an app that others have the core with."""
    roles = (role_cost(seconds) for seconds in (app_s, database_s, generator_s))
    times = CpuTimes(app_s + foreign_s, steal_s, foreign_s)
    return limited_by(load, *roles, times, placement(), pacing)


def test_a_busy_app_core_is_the_limit() -> None:
    """At 95 % of its core the app is what one buys."""
    assert limit(0.95, 0.3, 0.3, placement()) == "app core"


def test_roles_that_share_a_core_limit_together() -> None:
    """Half database, half generator: the core is full, and the larger user is named."""
    assert limit(0.5, 0.55, 0.42, placement()) == "database"
    assert limit(0.5, 0.40, 0.55, placement()) == "generator"


def test_roles_with_cores_of_their_own_are_judged_alone() -> None:
    """Half of each of two cores is no limit."""
    assert limit(0.5, 0.55, 0.42, OWN_CORES) == "waiting"
    assert limit(0.5, 0.2, 0.95, OWN_CORES) == "generator"
    assert limit(0.5, 1.9, 0.2, OWN_CORES) == "database"


def test_others_who_used_up_the_app_core_are_the_limit() -> None:
    """The core was full, 55 % of it the app's: it did not wait for locks or disks."""
    assert limit_beside(0.55, 0.42) == "other processes"
    assert limit_beside(0.55, 0.0, 0.40) == "hypervisor"
    assert limit_beside(0.55, 0.25, 0.15) == "other processes"
    assert limit_beside(0.55, 0.15, 0.25) == "hypervisor"


def test_a_core_with_idle_time_is_no_limit() -> None:
    """Others had 30 % of it and 15 % were left: the app waited for something else."""
    assert limit_beside(0.55, 0.30) == "waiting"


def test_a_role_that_used_up_its_core_is_named_before_others() -> None:
    """A generator's own rate stays the generator's, whoever else is on the app's core."""
    assert limit_beside(0.91, 0.08) == "app core"
    assert limit_beside(0.55, 0.42, database_s=0.4, generator_s=0.55) == "generator"
    assert limit_beside(0.55, 0.42, database_s=0.55, generator_s=0.4) == "database"


def test_a_share_that_is_not_told_limits_nothing() -> None:
    """Up to 5 % foreign and 2 % stolen: the used up core was the app's."""
    assert limit_beside(0.87, 0.04) == "app core"
    assert limit_beside(0.87, 0.02, 0.015) == "app core"
    assert limit_beside(0.87, 0.04, 0.03) == "hypervisor"
    assert limit_beside(0.87, 0.06) == "other processes"


def test_an_open_loop_that_kept_its_rate_is_limited_by_no_other() -> None:
    """At a low rate the app needs little of a core that others fill; fallen behind, it lacks it."""
    sent = Lateness(0.0, 0.0, 0.0, 0, 0, due_s=1.0)
    kept = load_result(1000, 1.0, lateness=sent)
    behind = load_result(1000, 1.2, lateness=sent)
    unsent = load_result(1000, 1.0, lateness=Lateness(0.0, 0.0, 0.0, 0, 5, due_s=1.0))
    assert limit_beside(0.05, 0.93, load=kept, pacing=OpenLoop(1000)) == "waiting"
    assert limit_beside(0.55, 0.65, load=behind, pacing=OpenLoop(1000)) == "other processes"
    assert limit_beside(0.55, 0.43, load=unsent, pacing=OpenLoop(1000)) == "other processes"


def test_users_who_hardly_wait_for_answers_are_limited_by_no_other() -> None:
    """Pauses of 2 s make the rate where answers take 10 ms; where they take 1 s, the answers do."""
    users = Users(users=50, spawn_rate_per_s=50.0)
    slow = load_result(50, 1.0, latency={"read": distribution([1.0] * 50)})
    assert limit_beside(0.05, 0.93, load=load_result(50, 1.0), pacing=users) == "waiting"
    assert limit_beside(0.55, 0.43, load=slow, pacing=users) == "other processes"
    none = load_result(0, 1.0)
    assert limit_beside(0.05, 0.93, load=none, pacing=users) == "other processes"


def test_users_with_a_beat_may_leave_out_a_few_at_the_end() -> None:
    """Five of a thousand is the end of the window, a tenth is a load that was not kept."""
    beat = Users(users=50, spawn_rate_per_s=50.0, throughput_per_s=20.0)

    def limit_with(unsent: int) -> str:
        load = load_result(1000, 1.0, lateness=Lateness(0.0, 0.0, 0.0, 0, unsent, due_s=1.0))
        return limit_beside(0.05, 0.93, load=load, pacing=beat)

    assert limit_with(5) == "waiting"
    assert limit_with(111) == "other processes"


def codes(**changes: object) -> dict[str, str]:
    given = {"load": LOAD, "generator": role_cost(0.4), "steal_s": 0.0, "foreign_s": 0.0}
    found = window_diagnostics(**{**given, **changes}, placement=placement())  # type: ignore[arg-type]
    assert all(diagnostic.remedy for diagnostic in found)
    return {diagnostic.code: diagnostic.severity for diagnostic in found}


def test_a_quiet_window_is_not_doubted() -> None:
    """A window without any trouble has no warning."""
    assert codes() == {}


def test_failures_make_a_figure_invalid() -> None:
    """Errors are never speed."""
    assert codes(load=load_result(990, 1.0, failures={"reset": 10})) == {"errors": "invalid"}


def test_what_the_machine_refuses_a_client_is_not_the_services_fault() -> None:
    """No port, no file: told with the limit, and beside what the service did fail."""
    refused = load_result(990, 1.0, failures={"EADDRNOTAVAIL": 10})
    assert codes(load=refused) == {"client-limit": "invalid"}
    (told,) = requests_failed(refused)
    assert "10 requests could not be sent: 10 x EADDRNOTAVAIL" in told.message
    assert "ip_local_port_range" in told.remedy
    both = load_result(980, 1.0, failures={"EMFILE": 10, "timeout": 10})
    assert codes(load=both) == {"errors": "invalid", "client-limit": "invalid"}


def test_a_busy_generator_is_doubted() -> None:
    """Above 80 % of its core the generator may be what is measured."""
    assert codes(generator=role_cost(0.79)) == {}
    assert codes(generator=role_cost(0.81)) == {"client-bound": "doubt"}


def test_company_on_the_app_core_is_doubted() -> None:
    """Other processes and the hypervisor are told with their share."""
    assert codes(foreign_s=0.04, steal_s=0.01) == {}
    assert codes(foreign_s=0.06) == {"foreign-cpu": "doubt"}
    assert codes(steal_s=0.03) == {"steal": "doubt"}


def test_no_role_uses_more_than_its_cpus_have() -> None:
    """Or less than nothing: somebody has counted wrongly, and no figure is made of that."""
    fine = {"app": 1.0, "database": 2.0, "generator": 0.0}
    assert impossible_cost(1.0, fine, OWN_CORES) == ()
    for role, cpu_s in (("app", 1.5), ("database", 2.5), ("generator", -0.1)):
        (found,) = impossible_cost(1.0, {**fine, role: cpu_s}, OWN_CORES)
        assert (found.code, found.severity) == ("impossible-cpu", "invalid")
        assert f"the {role} is said to have used {cpu_s:.2f} s" in found.message
