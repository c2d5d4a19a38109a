"""Verbs for a machine whose units somebody else declares (NixOS): what the units take for granted.

`make up` does both itself. Both may be repeated: what is there already stays.
"""

from bench.cli.options import NOTHING_CHOSEN, Choice
from bench.experiment.assembly import exclusively, open_lab


def prepare(*, choice: Choice = NOTHING_CHOSEN) -> None:
    """Make passwords and databases' folders, as the user who calls; start nothing."""
    lab = open_lab(choice.names)
    # A measurement that starts these units holds the lock, and has prepared everything itself.
    if not lab.is_prepared(lab.targets):
        with exclusively(lab.site):
            lab.prepare(lab.targets)


def provision(*, choice: Choice = NOTHING_CHOSEN) -> None:
    """Make each running database's role, database and extension."""
    lab = open_lab(choice.names)
    lab.provision(lab.targets)
