"""Whoever else has a say in a unit is named."""

from bench.analysis.diagnostics import overridden


def test_each_file_is_told_once_with_the_units_it_changes() -> None:
    """A distribution's drop-in for all services is one remark, not one for each unit."""
    everywhere, own = "/usr/lib/systemd/system/service.d/10-abort.conf", "/etc/x.conf"
    told = overridden({"onecore-flask": (everywhere, own), "onecore-drf": (everywhere,)})
    assert [(each.code, each.severity) for each in told] == [("unit-overridden", "note")] * 2
    assert "onecore-flask, onecore-drf" in told[0].message
    assert own in told[1].message
    assert overridden({}) == ()
