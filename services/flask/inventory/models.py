"""The database tables."""

from sqlalchemy import BigInteger, Double, Identity, String
from sqlalchemy.orm import Mapped, mapped_column

from inventory.extensions import db


class Item(db.Model):  # type: ignore[name-defined,misc]
    __tablename__ = "items"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(String(1000))
    price: Mapped[float] = mapped_column(Double)
    in_stock: Mapped[bool]
