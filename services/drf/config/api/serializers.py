"""The base class of the serializers."""

from functools import cache
from typing import Any

from django.db import models
from rest_framework import serializers
from rest_framework.utils.serializer_helpers import BindingDict

from .fields import StrictBooleanField, StrictCharField, StrictFloatField


@cache
def bound_fields(serializer_class: type[serializers.Serializer]) -> BindingDict:
    prototype = serializer_class()
    fields = BindingDict(prototype)
    for name, field in prototype.get_fields().items():
        fields[name] = field
    return fields


class ModelSerializer(serializers.ModelSerializer):
    """A model serializer with strict types, whose fields are made once.

    REST framework makes new fields for each instance, so that one may change its own. These
    serializers never do, and making the fields would cost more than everything else they do.
    """

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.CharField: StrictCharField,
        models.FloatField: StrictFloatField,
        models.BooleanField: StrictBooleanField,
    }

    @property
    def fields(self) -> Any:
        return bound_fields(type(self))  # type: ignore[arg-type]  # takes __hash__ for the type's
