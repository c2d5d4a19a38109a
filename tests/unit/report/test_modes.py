"""The modes of a framework side by side: the order, the ratios, and when there is no such table."""

import pytest

from bench.model import RunRecord, TargetRecord
from bench.report.sections.modes import modes_table

from ..factories import cell, load_result, plan, record, role_cost, window

TARGETS = (
    TargetRecord("flask", "Flask", "flask", "standard", "core"),
    TargetRecord("drf", "DRF", "drf", "standard", "core"),
    TargetRecord("flask-tuned", "Flask", "flask", "tuned", "strict"),
    TargetRecord("wsgi", "WSGI", "wsgi", "engine", "core"),
    TargetRecord("flask-openapi", "Flask OpenAPI", "flask-openapi", "standard", "core"),
)
RATES = {"flask": 500, "drf": 400, "flask-tuned": 1000, "wsgi": 2000, "flask-openapi": 250}


def run_of(*names: str) -> RunRecord:
    cells = tuple(
        cell(
            number,
            name,
            phases=(
                window(
                    load=load_result(round(RATES[name] * (1 + number / 500)), 1.0),
                    app=role_cost(0.95),
                ),
            ),
        )
        for number in (1, 2, 3)
        for name in names
    )
    targets = tuple(target for target in TARGETS if target.name in names)
    return record(plan=plan(targets=names), cells=cells, targets=targets)


def test_from_the_floor_up() -> None:
    """Engines, then each framework with its tuned target before its standard one."""
    table = modes_table(run_of("flask", "drf", "flask-tuned", "wsgi"))
    assert table is not None
    assert [tuple(map(str, row[1:3])) for row in table.rows] == [
        ("wsgi", "engine"),
        ("flask-tuned", "tuned"),
        ("flask", "standard"),
        ("drf", "standard"),
    ]


def test_a_tuned_target_is_set_against_its_own_standard() -> None:
    """Twice the rate at half the price; nobody else has a standard to be compared with."""
    table = modes_table(run_of("flask", "drf", "flask-tuned"))
    assert table is not None
    by_name = {str(row[1]): row for row in table.rows}
    assert by_name["flask-tuned"][5].startswith("2.00 [")
    assert by_name["flask-tuned"][6].startswith("0.500 [")
    assert by_name["drf"][5:] == ("–", "–")


def test_a_framework_whose_name_begins_with_anothers_has_a_standard_of_its_own() -> None:
    """Which framework a target is of decides, and no beginning of its name."""
    table = modes_table(run_of("flask-openapi", "flask", "flask-tuned"))
    assert table is not None
    by_name = {str(row[1]): row for row in table.rows}
    assert by_name["flask-openapi"][5:] == ("–", "–")
    assert by_name["flask-tuned"][5].startswith("2.00 [")


@pytest.mark.parametrize("names", [("flask", "drf"), ("flask",)])
def test_one_mode_alone_is_no_question(names: tuple[str, ...]) -> None:
    """Where all are used in the same way there is nothing to set apart."""
    assert modes_table(run_of(*names)) is None
