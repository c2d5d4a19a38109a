"""The base class of the serializers, and fields that take JSON's own types and convert nothing."""

from copy import copy
from functools import cache
from typing import Any

from django.db import models
from rest_framework import serializers


class StrictCharField(serializers.CharField):
    """A JSON string, kept exactly."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return data


class StrictFloatField(serializers.FloatField):
    """A JSON number; an integer will do."""

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        try:
            number = float(data)
        except OverflowError:
            self.fail("overflow")
        return number


class StrictBooleanField(serializers.BooleanField):
    """A JSON true or false."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid")
        return data


class ModelSerializer(serializers.ModelSerializer):
    """A model serializer with strict types, whose fields are worked out from the model once.

    Each instance has copies of its own, bound to itself: a context, or a partial update, is seen
    by its fields as ever.
    """

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.CharField: StrictCharField,
        models.FloatField: StrictFloatField,
        models.BooleanField: StrictBooleanField,
    }

    def get_fields(self) -> dict[str, serializers.Field]:
        return {name: copy(field) for name, field in fields_of_model(type(self)).items()}  # type: ignore[arg-type]


@cache
def fields_of_model(serializer: type[ModelSerializer]) -> dict[str, serializers.Field]:
    """What REST framework makes of the model, not bound to any serializer."""
    return super(ModelSerializer, serializer()).get_fields()
