"""What clients may send, and what they get."""

from marshmallow import EXCLUDE, Schema, fields, validate

# PostgreSQL stores neither in a string.
storable = validate.Regexp(
    r"[^\x00\ud800-\udfff]*\Z", error="Must not contain NUL or lone surrogates."
)


class ItemSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    id = fields.Integer(dump_only=True)
    name = fields.String(required=True, validate=[validate.Length(min=1, max=100), storable])
    description = fields.String(load_default="", validate=[validate.Length(max=1000), storable])
    price = fields.Float(required=True, validate=validate.Range(min=0, max=1e9))
    in_stock = fields.Boolean(load_default=True, truthy={True}, falsy={False})


class PageSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=1000))
    offset = fields.Integer(load_default=0, validate=validate.Range(min=0, max=2**63 - 1))


item_schema = ItemSchema()
items_schema = ItemSchema(many=True)
page_schema = PageSchema()
