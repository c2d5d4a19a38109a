"""Transactions while a target runs, from a connection that does not wait."""

import time

import pytest

from bench.database.activity import TransactionCounter
from bench.experiment.lab import Lab
from bench.model import Target

from .conftest import get

ENOUGH_S = 60
"""For a database that does answer, on a machine that is busy otherwise."""


def test_transactions_are_those_of_the_service(
    lab: Lab, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests that ask the database are counted; looking is not."""
    monkeypatch.setattr("bench.database.activity.PATIENCE_S", ENOUGH_S)
    activity = TransactionCounter(lab.cluster(target), target, lab.secrets)
    try:
        before = activity.transactions()
        assert before is not None
        deadline_s = time.monotonic() + 60
        # A server adds up its sessions' counts about once a second.
        while (activity.transactions() or 0) < before + 20:
            assert time.monotonic() < deadline_s, "they are not counted"
            get(lab, target, "/items/?limit=1")
    finally:
        activity.close()


def test_a_database_that_does_not_answer_is_not_waited_for(
    lab: Lab, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A frozen one takes connections and says nothing: unknown at once, known again later."""
    _, database = lab.unit_names(target)
    activity = TransactionCounter(lab.cluster(target), target, lab.secrets)
    try:
        with monkeypatch.context() as patient:
            patient.setattr("bench.database.activity.PATIENCE_S", ENOUGH_S)
            assert activity.transactions() is not None
        lab.supervisor.freeze(database)
        try:
            assert activity.transactions() is None  # the kept connection
            assert activity.transactions() is None  # a new one
        finally:
            lab.supervisor.thaw(database)
        monkeypatch.setattr("bench.database.activity.PATIENCE_S", ENOUGH_S)
        assert activity.transactions() is not None
    finally:
        activity.close()
