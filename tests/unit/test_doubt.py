"""What limited a window, and when its figure is doubted."""

from bench.analysis.diagnostics import (
    impossible_cost,
    limited_by,
    requests_failed,
    window_diagnostics,
)
from bench.model import Placement

from .factories import load_result, placement, role_cost

LOAD = load_result(1000, 1.0)
OWN_CORES = Placement(app=(3,), database=(1, 2), generator=(0,), housekeeping=(0,))


def limit(app_s: float, database_s: float, generator_s: float, where: Placement) -> str:
    roles = (role_cost(seconds) for seconds in (app_s, database_s, generator_s))
    return limited_by(LOAD, *roles, where)


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
