"""Fields are worked out once, and yet each serializer has its own."""

from typing import Any

import pytest
from rest_framework import serializers

from config.tuned.serializers import ModelSerializer, fields_of_model
from items.models import Item
from items.tuned.serializers import ItemSerializer


class GreetedSerializer(ModelSerializer):
    """Its name depends on the context, as fields of other apps may."""

    greeting = serializers.SerializerMethodField()

    class Meta:
        model = Item
        fields = ["name", "price", "greeting"]

    def get_greeting(self, item: Item) -> str:
        return f"{self.context['greeting']}, {item.name}"


def test_the_model_is_looked_at_once() -> None:
    """Two serializers share what was worked out, but no field."""
    first, second = ItemSerializer(), ItemSerializer()
    assert fields_of_model(ItemSerializer) is fields_of_model(ItemSerializer)
    for name, field in first.fields.items():
        assert field is not second.fields[name]
        assert (field.parent, second.fields[name].parent) == (first, second)


def test_a_partial_update_asks_for_no_more_than_it_brings() -> None:
    """As PATCH would: none is missing, and none gets its default. The next one is a full one."""
    partial = ItemSerializer(data={"price": 2}, partial=True)
    assert partial.is_valid()
    assert partial.validated_data == {"price": 2.0}
    full = ItemSerializer(data={"price": 2})
    assert not full.is_valid()
    assert list(full.errors) == ["name"]


def test_each_serializer_has_its_context() -> None:
    """What one request tells its serializer is not seen by another's."""
    item = Item(name="Lamp", price=1)
    told: list[Any] = [
        GreetedSerializer(item, context={"greeting": word}).data["greeting"]
        for word in ("Hello", "Good evening")
    ]
    assert told == ["Hello, Lamp", "Good evening, Lamp"]


@pytest.mark.parametrize("many", [False, True])
def test_a_list_of_items_is_validated_one_by_one(many: bool) -> None:
    """Also as a list serializer's child."""
    data: Any = {"name": "x", "price": 1}
    serializer = ItemSerializer(data=[data, data] if many else data, many=many)
    assert serializer.is_valid()
    expected = {"name": "x", "description": "", "price": 1.0, "in_stock": True}
    assert serializer.validated_data == ([expected, expected] if many else expected)
