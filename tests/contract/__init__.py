"""One black-box suite for the contract in services/openapi.yaml, run against every live service.

The suite knows services only by their URL and their database. It speaks HTTP, and looks into
PostgreSQL to see what was stored and which statements were run.

    routes.py   the route table          bodies.py    good and bad request bodies
    service.py  one service under test   problem.py   what an error answer must look like
    answer.py   what comes back          wire.py      raw sockets
    by_hand.py  services that were started by hand
"""

import pytest

# Before they are imported, so that a failed assertion in them shows its values.
pytest.register_assert_rewrite(f"{__name__}.problem", f"{__name__}.service")
