"""Many clients at once."""

from .answer import Answer, encoded
from .bodies import VALID
from .problem import assert_client_problem
from .service import Service


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


def race(service: Service) -> tuple[int, list[Answer], list[Answer]]:
    """PUT and DELETE of one item at once. Gives its id, and what each kind was answered."""
    number = service.create()["id"]
    path = f"/items/{number}"
    answers = service.in_parallel([("PUT", path, VALID), ("DELETE", path, None)] * 10)
    return number, answers[::2], answers[1::2]


def test_update_and_delete_at_once_do_no_harm(service):
    """PUT and DELETE of one item at once: each is done, or finds no item. None fails."""
    for _ in range(3):
        number, puts, deletes = race(service)
        assert {answer.status for answer in puts} <= {200, 404, 409}
        assert {answer.status for answer in deletes} <= {204, 404, 409}
        for answer in puts + deletes:
            if answer.status > 400:
                assert_client_problem(answer)
            elif answer.status == 200:
                assert answer.json()["id"] == number


def test_update_never_brings_back_a_deleted_item(strict_service):
    """PUT and DELETE of one item at once: 200, 204 or 404, one DELETE wins, the item stays gone."""
    for _ in range(5):
        number, puts, deletes = race(strict_service)
        assert {answer.status for answer in puts} <= {200, 404}
        assert sorted(answer.status for answer in deletes) == [204] + [404] * 9
        assert strict_service.ask("GET", f"/items/{number}").status == 404
        assert strict_service.rows() == []


def update_at_once(service: Service) -> tuple[list[Answer], list[dict[str, object]]]:
    """20 PUTs of item 1 at once: their answers, and the item that each of them sent."""
    service.create()
    items: list[dict[str, object]] = [
        {"name": f"Item {number}", "description": f"{number}", "price": float(number)}
        for number in range(20)
    ]
    answers = service.in_parallel([("PUT", "/items/1", encoded(item)) for item in items])
    assert [answer.status for answer in answers] == [200] * 20
    return answers, [{"id": 1, **item, "in_stock": True} for item in items]


def test_parallel_updates_are_whole(service):
    """They leave one of the items, and each answers with one of them, never with a mixture.

    It need not be its own: an ORM that reads again after its commit may see the next one's.
    """
    answers, items = update_at_once(service)
    assert all(answer.json() in items for answer in answers)
    [row] = service.rows()
    assert row in [tuple(item.values()) for item in items]


def test_parallel_updates_are_each_answered_with_their_own(strict_service):
    """What was sent is what comes back."""
    answers, items = update_at_once(strict_service)
    assert [answer.json() for answer in answers] == items


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
