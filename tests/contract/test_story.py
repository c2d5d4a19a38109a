"""A long story, held against what the contract says of each step."""

from .answer import assert_item
from .problem import assert_problem
from .service import Service
from .story import Step, story

Items = dict[int, dict[str, object]]


def test_a_long_story(service):
    """A long random sequence of operations, some of them faulty, is answered as the contract says,
    and leaves the table that it should."""
    items: Items = {}
    for step in story(steps=80, seed=20):
        assert_is_told(service, step, items)
    assert items
    columns = ("id", "name", "description", "price", "in_stock")
    assert service.rows() == [tuple(item[name] for name in columns) for item in items.values()]


def assert_is_told(service: Service, step: Step, items: Items) -> None:
    """The step is answered as these items demand, which change as the table should."""
    answer = service.ask(*step.request)
    is_known = step.kind in {"create", "list"} or step.number in items
    is_faulty = step.sent is not None and step.item is None
    if is_faulty and (is_known or answer.status == 422):  # of two faults either may be told
        assert_problem(answer, 422, ["price"])
    elif step.kind == "create":
        assert answer.status == 201
        number = answer.json()["id"]
        assert number not in items
        items[number] = {"id": number} | (step.item or {})
        assert_item(answer.json(), items[number])
    elif step.kind == "list":
        assert answer.status == 200
        page = list(items.values())[step.number : step.number + 5]
        for told, wanted in zip(answer.json(), page, strict=True):
            assert_item(told, wanted)
    elif not is_known:
        assert_problem(answer, 404)
    elif step.kind == "delete":
        assert answer.status == 204
        del items[step.number]
    else:
        if step.kind == "replace":
            items[step.number] = {"id": step.number} | (step.item or {})
        assert answer.status == 200
        assert_item(answer.json(), items[step.number])
