"""Request bodies for the routes that take an item, and what each must lead to.

The tables hold ordinary bodies and exotic ones. Ordinary ones have one answer, at the level of the
contract that their row tells. Exotic ones may be refused with a 4xx problem or answered with the
one correct value, and so may what only the strict level refuses, at a target that claims no more
than the core.
"""

import gzip
from dataclasses import dataclass, field

from .answer import JSON, encoded
from .levels import CORE, STRICT, Level

MEBIBYTE = 1_048_576


@dataclass(frozen=True)
class Bad:
    """A body that is refused with this status, which names these fields.

    A row of the strict level has the item that the body means where a framework takes it after
    all; None when it means nothing.
    """

    name: str
    body: bytes | None
    status: int
    fields: tuple[str, ...] = ()
    content_type: str | None = JSON
    level: Level = CORE
    item: dict[str, object] | None = None


@dataclass(frozen=True)
class Good:
    """A body that is accepted, and the item it means."""

    name: str
    body: bytes
    item: dict[str, object]
    content_type: str = JSON


@dataclass(frozen=True)
class Exotic:
    """A body that may be refused; if it is not, it means this item (None: it must be refused)."""

    name: str
    body: bytes
    item: dict[str, object] | None = None
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": JSON})


WIDGET: dict[str, object] = {
    "name": "Widget",
    "description": "A small widget",
    "price": 9.99,
    "in_stock": True,
}
WIDGET_ROW = tuple(WIDGET.values())
STORED_WIDGET = {"id": 1, **WIDGET}
VALID = encoded(WIDGET)


def body_for(method: str) -> bytes | None:
    """A valid body where one is expected."""
    return VALID if method in {"POST", "PUT", "PATCH"} else None


def item(**members: object) -> dict[str, object]:
    """The item that a body with a name, a price and these members means."""
    return {"name": "n", "description": "", "price": 1.0, "in_stock": True} | members


def raw(name: str, literal: str) -> bytes:
    """An otherwise valid body in which one member is this JSON text."""
    members = {"name": '"n"', "price": "1"} | {name: literal}
    return ("{" + ",".join(f'"{key}":{text}' for key, text in members.items()) + "}").encode()


def with_member(name: str, value: object) -> bytes:
    """An otherwise valid body in which one member has this value."""
    return encoded({"name": "n", "price": 1} | {name: value})


# --- ordinary, refused

MALFORMED = [Bad("malformed: nothing", b"", 400, level=STRICT)] + [
    Bad(f"malformed: {name}", body, 400)
    for name, body in {
        "white space": b" \n ",
        "an open brace": b"{",
        "an open string": b'{"name":"n',
        "no value": b'{"name":}',
        "a comma too many": b'{"name":"n","price":1,}',
        "a comma missing": b'{"name":"n" "price":1}',
        "a second value": b'{"name":"n","price":1} {}',
        "a brace too many": b'{"name":"n","price":1}}',
        "single quotes": b"{'name':'n','price':1}",
        "names without quotes": b"{name:1}",
        "a comment": b'{"name":"n","price":1}//',
        "a form": b"name=n&price=1",
        "a word": b"item",
        "Python's None": b"None",
        "a leading zero": raw("price", "01"),
        "a leading plus": raw("price", "+1"),
        "no digit before the point": raw("price", ".5"),
        "no digit after the point": raw("price", "5."),
        "a hexadecimal number": raw("price", "0x10"),
        "True": raw("in_stock", "True"),
        "a newline in a string": raw("name", '"a\nb"'),
        "a NUL byte in a string": raw("name", '"a\0b"'),
        "an unknown escape": raw("name", r'"\x41"'),
        "a short escape": raw("name", r'"\u12"'),
        "a NUL byte after the value": VALID + b"\0",
    }.items()
]

MEDIA_TYPES = [
    *(
        Bad(f"media type {media_type}", VALID, 415, (), media_type)
        for media_type in (
            "text/plain",
            "text/json",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/xml",
        )
    ),
    *(
        Bad(f"media type {media_type}", VALID, 415, (), media_type, STRICT, WIDGET)
        for media_type in (
            "application/vnd.api+json",
            "application/problem+json",
            "application/jsonx",
            "application/json5",
            "application/*",
            "*/*",
            "application",
            "json",
        )
    ),
    Bad("no media type", VALID, 415, (), None, STRICT, WIDGET),
    Bad("no media type, no body", b"", 400, (), None, STRICT),
    Bad("another media type, no body", b"", 415, (), "text/plain", STRICT),
]

NO_OBJECT = [
    Bad(f"no object: {text}", text.encode(), 422, ("body",))
    for text in ("null", "[]", '[{"name":"n","price":1}]', '"x"', "5", "1.5", "true", "false", '""')
]

MISSING = [
    Bad("nothing given", b"{}", 422, ("name", "price")),
    Bad("no name", b'{"price":1}', 422, ("name",)),
    Bad("no price", b'{"name":"n"}', 422, ("price",)),
    Bad("names in another case", b'{"Name":"n","PRICE":1}', 422, ("name", "price")),
    Bad("only an id", b'{"id":1}', 422, ("name", "price")),
    Bad(
        "everything wrong, in another order",
        b'{"in_stock":"maybe","price":"free","description":[],"name":{}}',
        422,
        ("name", "description", "price", "in_stock"),
    ),
    Bad(
        "everything of a kind that might be converted",
        b'{"in_stock":"yes","price":"1","description":2,"name":3}',
        422,
        ("name", "description", "price", "in_stock"),
        level=STRICT,
        item=item(name="3", description="2"),
    ),
    Bad(
        "everything null",
        b'{"name":null,"description":null,"price":null,"in_stock":null}',
        422,
        ("name", "description", "price", "in_stock"),
    ),
    Bad("price missing, in_stock wrong", b'{"name":"n","in_stock":[]}', 422, ("price", "in_stock")),
]

_WRONG_TYPES = {
    "name": ("null", "true", "false", "[]", '["n"]', "{}"),
    "description": ("null", "true", "false", "[]", "{}"),
    "price": ("null", '""', '"free"', "[]", "[1]", "{}"),
    "in_stock": ("null", "2", '""', '"maybe"', "[]", "{}"),
}
# What a framework may take for a value of the right kind, and for which one.
_CONVERTED: dict[str, dict[str, object]] = {
    "name": {"1": "1", "1.5": "1.5"},
    "description": {"0": "0", "1.5": "1.5"},
    "price": {'"1.5"': 1.5, '"1"': 1.0, "true": 1.0, "false": 0.0},
    "in_stock": {
        "0": False, "1": True, "1.0": True, '"true"': True, '"false"': False, '"on"': True,
    },
}  # fmt: skip
TYPES = [
    Bad(f"{name} is {literal}", raw(name, literal), 422, (name,))
    for name, literals in _WRONG_TYPES.items()
    for literal in literals
] + [
    Bad(f"{name} is {literal}", raw(name, literal), 422, (name,), JSON, STRICT,
        item(**{name: value}))
    for name, values in _CONVERTED.items()
    for literal, value in values.items()
]  # fmt: skip

LENGTHS = [
    Bad("empty name", with_member("name", ""), 422, ("name",)),
    Bad("name of 101", with_member("name", "x" * 101), 422, ("name",)),
    Bad("name of 101 with spaces", with_member("name", " " * 101), 422, ("name",)),
    Bad("name of 101 emoji", with_member("name", "\U0001f600" * 101), 422, ("name",)),
    Bad("description of 1001", with_member("description", "x" * 1001), 422, ("description",)),
    Bad(
        "description of 1001 spaces", with_member("description", " " * 1001), 422, ("description",)
    ),
    Bad("name of 100,000", with_member("name", "x" * 100_000), 422, ("name",)),
]

PRICES = [
    Bad(f"price {name}", raw("price", literal), 422, ("price",))
    for name, literal in {
        "-1": "-1",
        "-0.01": "-0.01",
        "-5e-324": "-5e-324",
        "1000000001": "1000000001",
        "just above 1e9": "1000000000.0000001",
        "1e10": "1e10",
        "1.7976931348623157e308": "1.7976931348623157e308",
        "1e400": "1e400",
        "-1e400": "-1e400",
        "2**63": str(2**63),
        "2**64": str(2**64),
        "10**30": "1" + "0" * 30,
    }.items()
] + [
    # More than a double can hold.
    Bad(f"price {name}", raw("price", literal), 422, ("price",), level=STRICT)
    for name, literal in {
        "of 400 digits": "9" * 400,
        "of 400 digits, negative": "-" + "9" * 400,
    }.items()
]

UNSTORABLE = [
    Bad(f"{name}: {what}", raw(name, f'"{escape}"'), 422, (name,))
    for name in ("name", "description")
    for what, escape in {
        "NUL": r"a\u0000b",
        "NUL alone": r"\u0000",
        "high surrogate": r"a\ud800",
        "low surrogate": r"\udc00b",
        "surrogates in the wrong order": r"\ude00\ud83d",
        "two high surrogates": r"\ud83d\ud83d\ude00",
    }.items()
] + [
    Bad(
        "NUL and surrogate",
        b'{"name":"\\u0000","description":"\\ud800","price":1}',
        422,
        ("name", "description"),
    )
]

BAD = [*MALFORMED, *MEDIA_TYPES, *NO_OBJECT, *MISSING, *TYPES, *LENGTHS, *PRICES, *UNSTORABLE]
# One for each kind of refusal: what is read and checked by the same code is sent everywhere once.
SAMPLE_OF_BAD = list({(bad.level, bad.status, bad.fields): bad for bad in BAD}.values())

# --- ordinary, accepted

# For these the strict answers are equal to the byte.
STRINGS = {
    "a space": " ",
    "spaces around": "  padded\t ",
    "newlines": "\r\n a \n",
    "no-break spaces": "\u00a0\u2003x\u3000",
    "quotes and backslashes": "\"'\\/</script>",
    "markup": "<b>&amp;</b>",
    "composed and decomposed": "\u00e9 e\u0301",
    "ligature and sharp s": "\ufb01 \u00df \u0130",
    "right to left": "\u05e9\u05dc\u05d5\u05dd \u200f",
    "Chinese": "\u7269\u54c1",
    "emoji": "\U0001f600",
    "joined emoji": "\U0001f469\u200d\U0001f4bb",
    "the last code point": "\U0010ffff",
    "noncharacters": "\ufffe\uffff\ufdd0",
    "a byte order mark": "\ufefftext",
    "line separators": "\u2028\u2029",
    "the replacement character": "\ufffd",
    "control characters": "\u0001\u001f\u007f\u0085",
    "SQL": "'; DROP TABLE items; --",
    "format characters": "%s %(name)s {0} $1 :name",
    "null in letters": "null",
    "digits": "12",
}

GOOD = [
    Good("every member", VALID, WIDGET),
    Good("the least", b'{"name":"n","price":1}', item()),
    Good("white space", b' {\n "name" : "n" ,\t"price": 1 }\r\n', item()),
    Good("an empty description", with_member("description", ""), item()),
    Good("out of stock", with_member("in_stock", False), item(in_stock=False)),
    Good("an id is ignored", with_member("id", 77), item()),
    Good("a wrong id is ignored", with_member("id", "x"), item()),
    Good("unknown members are ignored", b'{"x":null,"name":"n","y":[{}],"price":1,"":0}', item()),
    Good("members in another order", b'{"in_stock":true,"price":1,"name":"n"}', item()),
    Good("name of 1", with_member("name", "x"), item(name="x")),
    Good("name of 100", with_member("name", "x" * 100), item(name="x" * 100)),
    Good("name of 100 emoji", with_member("name", "\U0001f600" * 100),
         item(name="\U0001f600" * 100)),
    Good("description of 1000", with_member("description", "\u00e9" * 1000),
         item(description="\u00e9" * 1000)),
    Good("description of 1000 spaces", with_member("description", " " * 1000),
         item(description=" " * 1000)),
    Good("escaped letters", raw("name", r'"\u0041\u00e9\n\/"'), item(name="A\u00e9\n/")),
    Good("an escaped pair", raw("name", r'"\ud83d\ude00"'), item(name="\U0001f600")),
    Good("escaped member names", b'{"n\\u0061me":"n","price":1}', item()),
    *(
        Good(f"media type {media_type}", VALID, WIDGET, media_type)
        for media_type in (
            "application/json; charset=utf-8",
            "application/json;charset=UTF-8",
            'application/json; charset="utf-8"; version=1',
            "Application/JSON",
            "APPLICATION/JSON ; x=y",
        )
    ),
    *(Good(f"strings with {what}", encoded({"name": text, "description": text, "price": 1}),
           item(name=text, description=text))
      for what, text in STRINGS.items()),
    *(
        Good(f"price {literal}", raw("price", literal), item(price=float(literal)))
        for literal in (
            "0", "0.0", "1", "10", "0.1", "0.5", "9.99", "19.90", "1e2", "1E+3", "123456.789",
            "999999999.99", "1000000000", "1e9", "1000000000.0", "33.333333333333336",
        )
    ),
]  # fmt: skip

SAMPLE_OF_GOOD = GOOD[:18]

# Accepted as well, but there is more than one way to write the number in an answer.
GOOD_NUMBERS = [
    Good(f"price {literal[:40]}", raw("price", literal), item(price=float(literal)))
    for literal in (
        "-0", "-0.0", "0e5", "1e-7", "5e-05", "5e-324", "2.2250738585072011e-308",
        "2.2250738585072014e-308", "1e-400", "0.1000000000000000055511151231257827",
        "1.00000000000000011102230246251565404236316680908203125",
        "1.00000000000000011102230246251565404236316680908203124",
        "1.00000000000000011102230246251565404236316680908203126",
        "999999999.9999999", "999999999.99999994", "0.30000000000000004",
        "1000000000.00000000000001", "10000000000e-1",
    )
]  # fmt: skip

# --- exotic


def nested(opening: bytes, closing: bytes, levels: int = 20_000, core: bytes = b"") -> bytes:
    """A value inside many others."""
    return opening * levels + core + closing * levels


def in_json(name: str, value: bytes) -> bytes:
    """An otherwise valid body with one more member, whose text may be no UTF-8."""
    return b'{"name":"n","price":1,"%b":%b}' % (name.encode(), value)


def _headers(content_type: str, **others: str) -> dict[str, str]:
    return {"Content-Type": content_type} | {
        name.replace("_", "-"): value for name, value in others.items()
    }


_LATIN = encoded({"name": "caf\u00e9", "price": 1})

EXOTIC = [
    *(Exotic(f"price {literal}", raw("price", literal))
      for literal in ("NaN", "Infinity", "-Infinity", "nan", "inf", "-NaN")),
    *(Exotic(f'price "{text}"', raw("price", f'"{text}"'))
      for text in ("nan", "NaN", "inf", "-inf", "Infinity", "1e400", "1,5", "0x10", "9" * 5_000)),
    *(Exotic(f'price "{text}"', raw("price", f'"{text}"'), item(price=value))
      for text, value in {" 1.5 ": 1.5, "1e2": 100.0, "1_000": 1000.0, "\u0661": 1.0}.items()),
    *(Exotic(f'in_stock "{text}"', raw("in_stock", f'"{text}"'), item(in_stock=False))
      for text in ("no", "off", "0", "FALSE")),
    Exotic('in_stock "1"', raw("in_stock", '"1"'), item()),
    *(Exotic(f"in_stock {literal}", raw("in_stock", literal)) for literal in ("-1", '"null"')),
    Exotic("integer price of 2**1024", raw("price", str(2**1024))),
    Exotic("NaN ignored", in_json("x", b"NaN"), item()),
    Exotic("members that frameworks use themselves", in_json("pk", b"77" + b"".join(
        b',"%b":{"a":1}' % name for name in (
            b"_state", b"metadata", b"registry", b"query", b"objects", b"save", b"self", b"cls",
            b"data", b"_sa_instance_state", b"__class__", b"__dict__", b"__init__", b"__proto__",
        ))), item()),
    Exotic("duplicate name", b'{"name":"a","name":"b","price":1}', item(name="b")),
    Exotic("duplicate name, first wrong", b'{"name":1,"name":"b","price":1}', item(name="b")),
    Exotic("duplicate name, last wrong", b'{"name":"a","name":[],"price":1}'),
    Exotic("duplicate price", b'{"name":"n","price":1,"price":2}', item(price=2.0)),
    Exotic("duplicate member by escape", b'{"name":"a","n\\u0061me":"b","price":1}',
           item(name="b")),
    Exotic("20,000 arrays", nested(b"[", b"]")),
    Exotic("20,000 objects", nested(b'{"a":', b"}", core=b"1")),
    Exotic("20,000 arrays as a name", raw("name", nested(b"[", b"]").decode())),
    Exotic("20,000 arrays as a price", raw("price", nested(b"[", b"]").decode())),
    Exotic("20,000 arrays ignored", in_json("x", nested(b"[", b"]")), item()),
    Exotic("20,000 objects ignored", in_json("x", nested(b'{"a":', b"}", core=b"1")), item()),
    Exotic("20,000 open arrays", b"[" * 20_000),
    Exotic("500,000 arrays", nested(b"[", b"]", levels=500_000)),
    Exotic("a million open arrays", b"[" * 1_000_000),
    Exotic("150,000 open objects", b'{"a":' * 150_000),
    Exotic("100,000 members", b'{"name":"n","price":1%b}' % b"".join(
        b',"x%d":1' % number for number in range(60_000)), item()),
    Exotic("UTF-16 with a mark", VALID.decode().encode("utf-16"), WIDGET),
    Exotic("UTF-16 LE", VALID.decode().encode("utf-16-le"), WIDGET),
    Exotic("UTF-16 BE", VALID.decode().encode("utf-16-be"), WIDGET),
    Exotic("UTF-32", VALID.decode().encode("utf-32"), WIDGET),
    Exotic("UTF-16, and says so", VALID.decode().encode("utf-16"), WIDGET,
           _headers("application/json; charset=utf-16")),
    Exotic("UTF-7", b'{"name":"+AGE-","price":1}', item(name="+AGE-"),
           _headers("application/json; charset=utf-7")),
    Exotic("byte order mark", b"\xef\xbb\xbf" + VALID, WIDGET),
    Exotic("only a byte order mark", b"\xef\xbb\xbf"),
    Exotic("integer price of 5,000 digits", raw("price", "1" * 5_000)),
    Exotic("price of 5,000 decimals", raw("price", "0." + "3" * 5_000), item(price=1 / 3)),
    Exotic("price of 5,000 zeros", raw("price", "1." + "0" * 5_000), item(price=1.0)),
    Exotic("price with a huge exponent", raw("price", "1e99999999999999999999")),
    Exotic("price with a huge negative exponent", raw("price", "1e-99999999999999999999"),
           item(price=0.0)),
    Exotic("zero with a huge exponent", raw("price", "0e99999999999999999999"), item(price=0.0)),
    Exotic("in_stock of 5,000 digits", raw("in_stock", "1" * 5_000)),
    Exotic("name of 5,000 digits", raw("name", "1" * 5_000)),
    Exotic("5,000 digits ignored", in_json("x", b"1" * 5_000), item()),
    Exotic("id of 5,000 digits ignored", in_json("id", b"1" * 5_000), item()),
    Exotic("number of a million digits ignored", in_json("x", b"1" * 1_000_000), item()),
    Exotic("1e400 ignored", in_json("x", b"1e400"), item()),
    Exotic("NUL ignored", in_json("x", b'"\\u0000"'), item()),
    Exotic("surrogate ignored", in_json("x", b'"\\ud800"'), item()),
    Exotic("surrogate as a member's name", in_json("\\ud800", b"1"), item()),
    Exotic("surrogate in a price", raw("price", r'"\ud800"')),
    Exotic("surrogate as the body", rb'"\ud800"'),
    Exotic("invalid UTF-8 as a name", b'{"name":"\xff\xfe","price":1}'),
    Exotic("cut UTF-8 as a name", b'{"name":"\xf0\x9f\x98","price":1}'),
    Exotic("overlong UTF-8 as a name", b'{"name":"\xc0\x80","price":1}'),
    Exotic("surrogate in UTF-8 as a name", b'{"name":"\xed\xa0\x80","price":1}'),
    Exotic("invalid UTF-8 ignored", in_json("x", b'"\xff"'), item()),
    Exotic("invalid UTF-8 outside of strings", VALID + b"\xff"),
    Exotic("Latin-1", _LATIN.decode().encode("latin-1"), item(name="caf\u00e9"),
           _headers("application/json; charset=latin-1")),
    Exotic("UTF-8 that says Latin-1", _LATIN, item(name="caf\u00e9"),
           _headers("application/json; charset=latin-1")),
    Exotic("unknown charset", VALID, WIDGET, _headers("application/json; charset=klingon")),
    Exotic("charset that is no text", VALID, WIDGET, _headers("application/json; charset=hex")),
    Exotic("charset with NUL", VALID, WIDGET, _headers('application/json; charset="\\0"')),
    Exotic("unfinished parameter", VALID, WIDGET, _headers("application/json; charset=")),
    Exotic("unfinished quote", VALID, WIDGET, _headers('application/json; charset="utf-8')),
    Exotic("trailing semicolon", VALID, WIDGET, _headers("application/json;")),
    Exotic("two media types", VALID, WIDGET, _headers("application/json, text/plain")),
    Exotic("media type with a slash too many", VALID, WIDGET, _headers("application/json/x")),
    Exotic("empty media type", VALID, WIDGET, _headers("")),
    Exotic("only a semicolon", VALID, WIDGET, _headers(";")),
    Exotic("media type of 4,000 letters", VALID, None, _headers("application/" + "j" * 4_000)),
    Exotic("name of 900,000 letters", with_member("name", "x" * 900_000)),
    Exotic("pair of surrogates in UTF-8 as a name",
           b'{"name":"\xed\xa0\xbd\xed\xb8\x80","price":1}'),
    Exotic("two charsets", VALID, WIDGET,
           _headers("application/json; charset=utf-8; charset=utf-16")),
    Exotic("compressed, it says", VALID, WIDGET, _headers(JSON, Content_Encoding="gzip")),
    Exotic("compressed", gzip.compress(VALID, mtime=0), WIDGET,
           _headers(JSON, Content_Encoding="gzip")),
    Exotic("compressed, and does not say so", gzip.compress(VALID, mtime=0)),
    Exotic("an unknown compression", VALID, WIDGET, _headers(JSON, Content_Encoding="klingon")),
    Exotic("the caller waits for 100", VALID, WIDGET, _headers(JSON, Expect="100-continue")),
    Exotic("another method by header", VALID, WIDGET,
           _headers(JSON, X_HTTP_Method_Override="DELETE")),
    Exotic("from another origin", VALID, WIDGET,
           _headers(JSON, Origin="http://example.org", Referer="http://example.org/")),
    Exotic("a strange session", VALID, WIDGET,
           _headers(JSON, Cookie="sessionid=x; csrftoken=y; =;;", X_CSRFToken="z")),
    Exotic("strange credentials", VALID, WIDGET, _headers(JSON, Authorization="Basic !!!")),
    Exotic("a token", VALID, WIDGET, _headers(JSON, Authorization="Bearer x.y.z")),
]  # fmt: skip

# What hostile or careless clients send: refused somehow, or taken for the one thing that it means.
HOSTILE = EXOTIC + [
    Exotic(
        bad.name,
        bad.body or b"",
        bad.item,
        {} if bad.content_type is None else {"Content-Type": bad.content_type},
    )
    for bad in BAD
    if bad.level == STRICT
]
