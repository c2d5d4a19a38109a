from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models


class Item(models.Model):
    """Something to sell."""

    name = models.CharField(max_length=100)
    description = models.CharField(max_length=1000, blank=True, default="")
    price = models.FloatField(validators=[MinValueValidator(0), MaxValueValidator(1e9)])
    in_stock = models.BooleanField(default=True)

    class Meta:
        db_table = "items"

    def __str__(self) -> str:
        return self.name
