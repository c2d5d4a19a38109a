"""The data set is a function of the id, and valid by the contract."""

from bench import dataset


def test_rows_are_valid_items() -> None:
    """Every row keeps the contract's bounds."""
    for item_id in (1, 2, 999, 10_000, 1_000_000):
        item = dataset.row(item_id)
        assert 1 <= len(item["name"]) <= 100
        assert len(item["description"]) <= 1000
        assert 0 <= item["price"] <= 1e9


def test_copy_lines_say_what_rows_say() -> None:
    """What COPY loads is what a reader later expects, to the last digit of the price."""
    for line in dataset.copy_lines(1000):
        item_id, name, description, price, stock = line.rstrip("\n").split("\t")
        found = {
            "name": name,
            "description": description,
            "price": float(price),
            "in_stock": stock == "t",
        }
        assert found == dataset.row(int(item_id))


def test_payloads_are_seeded_and_change_something() -> None:
    """The same seed gives the same bodies; no body equals a loaded row."""
    assert dataset.payloads(7, 50) == dataset.payloads(7, 50)
    assert dataset.payloads(7, 50) != dataset.payloads(8, 50)
    names = {dataset.row(item_id)["name"] for item_id in range(1, 10_001)}
    assert not names & {body["name"] for body in dataset.payloads(7, 1000)}
