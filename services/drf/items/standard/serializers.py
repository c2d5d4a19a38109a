from typing import Any

from rest_framework import serializers

from ..models import Item


class ItemSerializer(serializers.ModelSerializer):
    class Meta:
        model = Item
        fields = ["id", "name", "description", "price", "in_stock"]
        # Strings are kept exactly. A replacement resets what it leaves out.
        extra_kwargs = {
            "name": {"trim_whitespace": False},
            "description": {"trim_whitespace": False, "default": ""},
            "in_stock": {"default": True},
        }

    def update(self, instance: Item, validated_data: dict[str, Any]) -> Item:
        """Save, unless somebody has deleted the item meanwhile: save() alone would revive it."""
        for name, value in validated_data.items():
            setattr(instance, name, value)
        instance.save(force_update=True)
        return instance
