"""One black-box suite for the contract in services/openapi.yaml, run against every live target.

The suite knows targets only by their URL, their database and the level that they claim. It speaks
HTTP, and looks into PostgreSQL to see what was stored and which statements were run.

    levels.py   core and strict          openapi.py   the contract as each level reads it
    routes.py   the route table          bodies.py    good and bad request bodies
    service.py  one target under test    problem.py   what an error answer must look like
    answer.py   what comes back          wire.py      raw sockets
    story.py    operations in a row      by_hand.py   targets that were started by hand

Rows of a table are subtests of one test, and start no database anew: with nine targets it is the
small things that cost.
"""

import pytest

# Before they are imported, so that a failed assertion in them shows its values.
for _name in ("answer", "problem", "service"):
    pytest.register_assert_rewrite(f"{__name__}.{_name}")
