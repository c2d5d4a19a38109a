from config.tuned.serializers import ModelSerializer

from ..models import Item


class ItemSerializer(ModelSerializer):
    class Meta:
        model = Item
        fields = ["id", "name", "description", "price", "in_stock"]
        # A replacement resets what it leaves out.
        extra_kwargs = {"description": {"default": ""}, "in_stock": {"default": True}}
