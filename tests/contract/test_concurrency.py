"""Many clients at once."""

from .answer import encoded
from .bodies import VALID
from .problem import PROBLEM


def test_parallel_creates_keep_distinct_ids(service):
    """50 creates at once make 50 items, each answered with its own id and content."""
    bodies = [encoded({"name": f"Item {number}", "price": number}) for number in range(50)]
    answers = service.in_parallel([("POST", "/items/", body) for body in bodies])
    assert [answer.status for answer in answers] == [201] * 50
    items = [answer.json() for answer in answers]
    assert [item["name"] for item in items] == [f"Item {number}" for number in range(50)]
    assert len({item["id"] for item in items}) == 50
    stored = {row[0]: row[1:] for row in service.rows()}
    assert stored == {item["id"]: (item["name"], "", item["price"], True) for item in items}


def test_update_never_brings_back_a_deleted_item(service):
    """PUT and DELETE of one item at once: 200, 204 or 404, one DELETE wins, the item stays gone."""
    for _ in range(5):
        number = service.create()["id"]
        path = f"/items/{number}"
        requests = [("PUT", path, VALID), ("DELETE", path, None)] * 10
        answers = service.in_parallel(requests)
        puts, deletes = answers[::2], answers[1::2]
        assert {answer.status for answer in puts} <= {200, 404}
        assert sorted(answer.status for answer in deletes) == [204] + [404] * 9
        for answer in answers:
            if answer.status == 404:
                assert answer.media_type == PROBLEM
            elif answer.status == 200:
                assert answer.json()["id"] == number
        assert service.ask("GET", path).status == 404
        assert service.rows() == []


def test_parallel_updates_are_whole(service):
    """20 PUTs of one item at once leave one of them, not a mixture."""
    service.create()
    items = [
        {"name": f"Item {number}", "description": f"{number}", "price": float(number)}
        for number in range(20)
    ]
    answers = service.in_parallel([("PUT", "/items/1", encoded(item)) for item in items])
    assert [answer.status for answer in answers] == [200] * 20
    for answer, item in zip(answers, items, strict=True):
        assert answer.json() == {"id": 1} | item | {"in_stock": True}
    [row] = service.rows()
    assert row in [(1, *item.values(), True) for item in items]


def test_parallel_answers_are_not_mixed_up(service):
    """200 requests of different kinds at once each get the answer that belongs to them."""
    for number in range(1, 21):
        service.create(name=f"Item {number}")
    requests: list[tuple[str, str, bytes | None]] = []
    for number in range(1, 41):
        requests += [
            ("GET", f"/items/{number}", None),
            ("POST", "/echo", encoded({"name": f"Echo {number}", "price": number})),
            ("POST", "/echo", b"{"),
            ("GET", f"/items/?offset={number - 1}&limit=1", None),
            ("GET", "/ping", None),
        ]
    answers = iter(service.in_parallel(requests))
    for number in range(1, 41):
        read, echo, bad, page, ping = (next(answers) for _ in range(5))
        assert read.status == (200 if number <= 20 else 404)
        if number <= 20:
            assert read.json()["name"] == f"Item {number}"
        assert echo.json()["name"] == f"Echo {number}"
        assert bad.status == 400
        assert [item["id"] for item in page.json()] == ([number] if number <= 20 else [])
        assert ping.json() == {"status": "ok"}
