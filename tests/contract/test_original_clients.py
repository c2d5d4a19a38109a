"""What the clients of the original project do: four phases, with everything in flight at once.

Those clients post to `/items/`, take the ids from the answers, and work on `/items/{id}`. They
count every status below 400 as a success.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import httpx
import pytest

# More than a service has threads, so that some have to wait their turn.
IN_FLIGHT = 30
LOCUSTFILE = Path(__file__).parent / "locust_by_classes.py"
STOPPER = Path(__file__).parent / "locust_stops.py"


def payload(number: int) -> dict[str, Any]:
    """An item as the original script writes it."""
    return {
        "name": f"Test Item {number}",
        "description": f"Description for item {number}",
        "price": 10.99 + number,
        "in_stock": True,
    }


async def phase[T](send: Callable[[T], Awaitable[httpx.Response]], what: Iterable[T]):
    """All requests of a phase in flight at once. Gives the answers, and how many succeeded."""
    answers = await asyncio.gather(*(send(item) for item in what))
    return answers, sum(answer.status_code < 400 for answer in answers)


async def crud(base_url: str, slash: str) -> dict[str, Any]:
    """The four phases of the original script, one after the other."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(timeout=60, limits=limits, trust_env=False) as client:
        created, creates = await phase(
            lambda number: client.post(f"{base_url}/items{slash}", json=payload(number)),
            range(IN_FLIGHT),
        )
        ids = [answer.json()["id"] for answer in created]
        read, reads = await phase(lambda item_id: client.get(f"{base_url}/items/{item_id}"), ids)
        updated, updates = await phase(
            lambda item_id: client.put(
                f"{base_url}/items/{item_id}",
                json=payload(item_id) | {"name": f"Updated Item {item_id}"},
            ),
            ids,
        )
        deleted, deletes = await phase(
            lambda item_id: client.delete(f"{base_url}/items/{item_id}"), ids
        )
    return {
        "successes": (creates, reads, updates, deletes),
        "ids": ids,
        "created": [answer.json() for answer in created],
        "read": [answer.json() for answer in read],
        "updated": [answer.json() for answer in updated],
        "deleted": {answer.status_code for answer in deleted},
        "redirects": sum(len(answer.history) for answer in (*created, *read, *updated, *deleted)),
    }


@pytest.mark.parametrize("slash", ["/", ""], ids=["/items/", "/items"])
def test_original_script_reports_no_failure(standard_service, slash):
    """The original script's phases all succeed, and every answer is the item that was meant."""
    story = asyncio.run(crud(standard_service.base_url, slash))
    assert story["successes"] == (IN_FLIGHT,) * 4
    assert len(set(story["ids"])) == IN_FLIGHT
    assert story["created"] == story["read"]
    expected = [{"id": id_} | payload(number) for number, id_ in enumerate(story["ids"])]
    assert story["created"] == expected
    assert [item["name"] for item in story["updated"]] == [
        f"Updated Item {id_}" for id_ in story["ids"]
    ]
    assert story["deleted"] == {204}
    assert story["redirects"] == 0
    assert standard_service.rows() == []


def test_original_load_test_reports_no_failure(standard_service):
    """The tasks of the original load test succeed for many users side by side."""

    async def user(client: httpx.AsyncClient, number: int) -> list[int]:
        made = await client.post("/items/", json=payload(number))
        path = f"/items/{made.json()['id']}"
        answers = [
            made,
            await client.get("/items/"),
            await client.get(path),
            await client.put(path, json=payload(number + 1)),
            await client.get(path),
            await client.delete(path),
        ]
        return [answer.status_code for answer in answers]

    async def users() -> list[list[int]]:
        async with httpx.AsyncClient(
            base_url=standard_service.base_url, timeout=60, trust_env=False
        ) as client:
            return await asyncio.gather(*(user(client, number) for number in range(IN_FLIGHT)))

    assert asyncio.run(users()) == [[201, 200, 200, 200, 200, 204]] * IN_FLIGHT
    assert standard_service.rows() == []


def test_a_plain_locust_file_reports_no_failure(standard_services, tmp_path):
    """Users of Locust's HttpUser with weighted tasks, unaware of this lab, a class for each
    framework. It is written for this test in the form of such files, and is nobody else's file.
    """
    if not standard_services:
        pytest.skip("no target is standard")
    files = tmp_path / "locust"
    command = [
        *(sys.executable, "-m", "locust", "--locustfile", f"{LOCUSTFILE},{STOPPER}", "--headless"),
        *("--users", "12", "--spawn-rate", "100", "--run-time", "60s", "--only-summary"),
        *("--json-file", str(files)),
    ]
    hosts = {service.name.replace("-", "_"): service.base_url for service in standard_services}
    environment = os.environ | {"HOSTS": json.dumps(hosts)}
    told = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=120, env=environment
    )
    # Locust exits with 1 when any request has failed.
    assert told.returncode == 0, told.stdout + told.stderr
    rows = json.loads(files.with_suffix(".json").read_text())
    assert sum(row["num_requests"] for row in rows) >= 200
    last_id = "SELECT pg_sequence_last_value(pg_get_serial_sequence('items', 'id')::regclass)"
    assert all(service.execute(last_id) != [(None,)] for service in standard_services)


def test_json_of_common_clients_is_taken(standard_service):
    """Bodies with white space and escaped letters, as the clients' JSON libraries write them."""
    for body in (
        b'{"name": "caf\\u00e9", "description": "d", "price": 1.5, "in_stock": true}',
        b'{\n  "in_stock": false,\n  "price": 2,\n  "description": "",\n  "name": "x"\n}\n',
    ):
        assert standard_service.ask("POST", "/items/", body).status == 201
    assert standard_service.ask("GET", "/items/1").json()["name"] == "caf\u00e9"
