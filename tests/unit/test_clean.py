"""Whether a run is told as failed when it has ended."""

from dataclasses import replace

import pytest

from bench.cli.measuring import require_clean
from bench.errors import LabError

from .factories import cell, load_result, record, window


def test_a_clean_run_is_no_failure() -> None:
    """Every request succeeded and every target was measured."""
    require_clean(record(cells=(cell(),)))


def test_failed_requests_are_a_failure_beyond_what_is_put_up_with() -> None:
    """One by default; MAX_FAIL says how many are borne."""
    failing = replace(window(), load=load_result(failures={"status 500": 3}))
    spoilt = record(cells=(replace(cell(), phases=(failing,)), cell()))
    with pytest.raises(LabError, match="3 requests failed"):
        require_clean(spoilt)
    with pytest.raises(LabError, match="3 requests failed"):
        require_clean(spoilt, max_fail=2)
    require_clean(spoilt, max_fail=3)


def test_what_the_machine_kept_from_being_sent_is_not_told_as_failed() -> None:
    """The end of a run does not blame a service for a limit of the machine."""
    refused = replace(window(), load=load_result(failures={"EADDRNOTAVAIL": 10}))
    with pytest.raises(LabError, match="10 requests could not be sent from this machine") as told:
        require_clean(record(cells=(replace(cell(), phases=(refused,)),)))
    assert "requests failed" not in told.value.message
    both = replace(window(), load=load_result(failures={"EMFILE": 10, "reset": 2}))
    with pytest.raises(LabError, match="2 requests failed; 10 requests could not be sent"):
        require_clean(record(cells=(replace(cell(), phases=(both,)),)))


def test_a_target_that_was_not_measured_is_a_failure() -> None:
    """Whatever failures are put up with: it is named once."""
    unfit = replace(cell(), phases=(), unfit="POST answered 500")
    with pytest.raises(LabError, match=rf"(?m)not measured in every cell: {unfit.target}$"):
        require_clean(record(cells=(unfit, unfit, cell())), max_fail=99)
