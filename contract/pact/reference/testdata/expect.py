"""What a consumer expects, said with every matcher of the reference's DSL."""

import datetime

from pact import match
from pact.pact import Pact

PRODUCT = {"id": 7, "name": "apple", "price": 1.5, "sold": True}


def bodies():
    """Each entry is the body of one answer."""
    return {
        "plain": {"id": 7, "name": "apple", "tags": ["a", "b"], "none": None, "deep": {"a": {"b": [1, {"c": 2}]}}},
        "like": match.like(PRODUCT),
        "like scalars": {"i": match.like(1), "s": match.like("x"), "b": match.like(True), "f": match.like(1.5)},
        "like nested": {"product": match.like({"id": match.like(7), "sku": match.regex("A-12", regex=r"[A-Z]-\d+")})},
        "like array": {"all": match.like([1, 2])},
        "like in plain": {"a": {"b": match.like("x"), "c": "fixed"}, "d": [match.like(1), "fixed"]},
        "each": {"items": match.each_like(PRODUCT)},
        "each min": {"items": match.each_like({"id": match.integer(1)}, min=2)},
        "each max": {"items": match.each_like({"id": match.integer(1)}, max=3)},
        "each min max": {"items": match.each_like("x", min=1, max=2)},
        "each root": match.each_like({"id": match.integer(1), "tags": match.each_like("a")}),
        "each of regex": match.each_like(match.regex("a1", regex=r"[a-z]\d")),
        "each in each": {"rows": match.each_like(match.each_like(match.integer(1)))},
        "type min": {"items": match.like(["a"], min=1)},
        "type max": {"items": match.like(["a"], max=2)},
        "regex": {"code": match.regex("AB-12", regex=r"^[A-Z]{2}-\d{2}$"), "part": match.regex("x1", regex=r"\d")},
        "integer": {"n": match.integer(10)},
        "decimal": {"n": match.decimal(10.5)},
        "number": {"n": match.number(10)},
        "boolean": {"b": match.boolean(True)},
        "null": {"n": match.null()},
        "date": {"d": match.date(datetime.date(2024, 2, 29))},
        "date format": {"d": match.date("29/02/2024", format="dd/MM/yyyy", disable_conversion=True)},
        "time": {"t": match.time(datetime.time(12, 30, 59))},
        "time format": {"t": match.time("9:05 PM", format="h:mm a", disable_conversion=True)},
        "datetime": {"t": match.datetime(datetime.datetime(2024, 2, 29, 12, 30, 59))},
        "datetime zone": {"t": match.timestamp("2024-02-29T12:30:59.123+01:00", format="yyyy-MM-dd'T'HH:mm:ss.SSSXXX", disable_conversion=True)},
        "datetime words": {"t": match.timestamp("Thu, 29 Feb 2024 12:30:59 +0000", format="EEE, dd MMM yyyy HH:mm:ss Z", disable_conversion=True)},
        "includes": {"s": match.includes("pple")},
        "uuid": {"id": match.uuid("0aa2f1c8-3d2e-4a9a-8a7a-2f3f7f3a3b1c")},
        "each key": match.each_key_matches({"a1": 1, "b2": 2}, rules=match.regex("a1", regex=r"^[a-z]\d$")),
        "each value": match.each_value_matches({"a": 1, "b": 2}, rules=match.integer(1)),
        "each value like": {"by": match.each_value_matches({"a": {"id": 1}}, rules=match.like({"id": 1}))},
        "array contains": {"links": match.array_containing([{"rel": "self", "href": match.regex("/a/1", regex=r"^/a/\d+$")}, {"rel": "next", "n": match.integer(1)}])},
        "array contains scalars": {"xs": match.array_containing([match.integer(1), match.like("x")])},
        "like null": {"n": match.like(None)},
        "like empty": {"o": match.like({}), "a": match.like([])},
        "odd names": {"a.b": match.like(1), "c d": match.integer(2), "@e": match.like("x"), "ü": match.like("z")},
        # No apostrophe is in a name: the reference writes ['it\'s'], and cannot read it.
        "quoted names": {'say "x"': match.integer(2), "[q]": match.like("z"), "back\\slash": match.like("x")},
        "generated": {"id": match.uuid(), "n": match.integer(), "s": match.string(), "d": match.date()},
    }


RULED = {
    "or": ({"v": 1}, {"body": {"$.v": {"combine": "OR", "matchers": [{"match": "integer"}, {"match": "null"}]}}}),
    "or of texts": ({"v": "a"}, {"body": {"$.v": {"combine": "OR", "matchers": [{"match": "regex", "regex": "^a$"}, {"match": "regex", "regex": "^b$"}]}}}),
    "and": ({"v": "abc"}, {"body": {"$.v": {"combine": "AND", "matchers": [{"match": "type"}, {"match": "regex", "regex": "^a"}]}}}),
    "equality within type": ({"a": {"b": 1, "c": 2}}, {"body": {"$.a": {"matchers": [{"match": "type"}]}, "$.a.b": {"matchers": [{"match": "equality"}]}}}),
    "not empty": ({"v": "a", "w": [1]}, {"body": {"$.v": {"matchers": [{"match": "notEmpty"}]}, "$.w": {"matchers": [{"match": "notEmpty"}]}}}),
    "semver": ({"v": "1.2.3"}, {"body": {"$.v": {"matchers": [{"match": "semver"}]}}}),
    "values": ({"m": {"a": {"n": 1}}}, {"body": {"$.m": {"matchers": [{"match": "values"}]}, "$.m.*.n": {"matchers": [{"match": "integer"}]}}}),
    "wildcard": ({"m": [{"n": 1, "x": "a"}]}, {"body": {"$.m": {"matchers": [{"match": "type", "min": 1}]}, "$.m[*].*": {"matchers": [{"match": "type"}]}}}),
    "each key and value": ({"m": {"a1": 1}}, {"body": {"$.m": {"matchers": [{"match": "eachKey", "rules": [{"match": "regex", "regex": "^[a-z]\\d$"}]}, {"match": "eachValue", "rules": [{"match": "integer"}]}]}}}),
    "each key and value of null": ({"m": None}, {"body": {"$.m": {"combine": "AND", "matchers": [{"match": "eachKey", "rules": [{"match": "regex", "regex": "^[a-z]\\d$"}]}, {"match": "eachValue", "rules": [{"match": "integer"}]}]}}}),
    "each value of null values": ({"m": {"a1": None}}, {"body": {"$.m": {"combine": "AND", "matchers": [{"match": "eachKey", "rules": [{"match": "regex", "regex": "^[a-z]\\d$"}]}, {"match": "eachValue", "rules": [{"match": "type"}]}]}}}),
    "each value of null integers": ({"m": {"a1": None}}, {"body": {"$.m": {"combine": "AND", "matchers": [{"match": "eachKey", "rules": [{"match": "regex", "regex": "^[a-z]\\d$"}]}, {"match": "eachValue", "rules": [{"match": "integer"}]}]}}}),
    "each key and below": ({"m": {"a1": 1, "b1": "x"}}, {"body": {"$.m": {"matchers": [{"match": "eachKey", "rules": [{"match": "regex", "regex": "^[a-z]\\d$"}]}]}, "$.m.a1": {"matchers": [{"match": "integer"}]}}}),
    "index": ({"m": [1, "a"]}, {"body": {"$.m[0]": {"matchers": [{"match": "integer"}]}, "$.m[1]": {"matchers": [{"match": "type"}]}}}),
}


def started(pact, name, path, method="GET"):
    return pact.upon_receiving(name).with_request(method, path)


def answers(pact, version):
    for i, (name, body) in enumerate(bodies().items()):
        it = started(pact, name, f"/answers/{i}").given("products", {"count": 3, "kinds": ["a"], "deep": {"x": None}}).given("a day")
        it.will_respond_with(200).with_body(body, "application/json")
    if version != "2":
        for i, (name, (body, rules)) in enumerate(RULED.items()):
            it = started(pact, name, f"/ruled/{i}").will_respond_with(200)
            it.with_body(body, "application/json").with_matching_rules(rules)
    started(pact, "header plain", "/h/1").will_respond_with(200).with_header("X-Kind", "Plain, b")
    started(pact, "header regex", "/h/2").will_respond_with(200).with_header("X-Kind", match.regex("a-1", regex=r"^[a-z]-\d$"))
    started(pact, "header type", "/h/3").will_respond_with(204).with_header("ETag", match.like('"abc"'))
    started(pact, "content type", "/h/4").will_respond_with(201).with_header("Content-Type", "text/plain;charset=utf-8").with_body("hello", "text/plain;charset=utf-8")
    started(pact, "text regex", "/h/5").will_respond_with(200).with_body("id: 17", "text/plain").with_matching_rules(
        {"body": {"$": {"matchers": [{"match": "regex", "regex": r"^id: \d+$"}]}}})
    started(pact, "no body", "/h/6").will_respond_with(404)
    if version == "4":
        started(pact, "status", "/h/7").will_respond_with(200).with_matching_rules({"status": {"$": {"matchers": [{"match": "statusCode", "status": "success"}]}}})
        started(pact, "pending", "/h/8").set_key("a-key").set_pending(pending=True).add_text_comment("why").will_respond_with(200).with_body({"a": 1})
    started(pact, "repeated header", "/h/9").will_respond_with(200).with_header("X-Many", "a").with_header("X-Many", "b")
    started(pact, "xml", "/h/10").will_respond_with(200).with_body("<a><b n='1'>x</b></a>", "application/xml")


def requests():
    """Each entry is what is sent, as the DSL says it."""
    def ask(name, path="/r", method="GET"):
        def make(pact):
            return started(pact, name, path, method)
        return make
    return {
        "query plain": lambda p: ask("query plain")(p).with_query_parameter("q", "a b").with_query_parameter("page", "1"),
        "query repeated": lambda p: ask("query repeated")(p).with_query_parameter("q", "a").with_query_parameter("q", "b"),
        "query regex": lambda p: ask("query regex")(p).with_query_parameter("q", match.regex("12", regex=r"^\d+$")),
        "query type": lambda p: ask("query type")(p).with_query_parameter("q", match.like("x")),
        "query integer": lambda p: ask("query integer")(p).with_query_parameter("q", match.integer(1)),
        "path regex": lambda p: ask("path regex", match.regex("/r/1", regex=r"^/r/\d+$"))(p),
        "header regex": lambda p: ask("header regex")(p).with_header("X-Id", match.regex("a1", regex=r"^[a-z]\d$")),
        "header plain": lambda p: ask("header plain")(p).with_header("X-Id", "a1"),
        "accept": lambda p: ask("accept")(p).with_header("Accept", "application/json, text/plain"),
        "body plain": lambda p: ask("body plain", method="POST")(p).with_body({"a": 1, "b": ["x"]}, "application/json"),
        "body like": lambda p: ask("body like", method="PUT")(p).with_body(match.like({"a": 1, "b": "x"}), "application/json"),
        "body each": lambda p: ask("body each", method="POST")(p).with_body({"lines": match.each_like({"sku": match.regex("A1", regex=r"^[A-Z]\d$"), "n": match.integer(1)})}, "application/json"),
        "body min max": lambda p: ask("body min max", method="POST")(p).with_body({"xs": match.each_like(1, min=1, max=2)}, "application/json"),
        "body text": lambda p: ask("body text", method="POST")(p).with_body("hello", "text/plain"),
        "body form": lambda p: ask("body form", method="POST")(p).with_body("a=1&b=2", "application/x-www-form-urlencoded"),
        "body each value": lambda p: ask("body each value", method="POST")(p).with_body(match.each_value_matches({"a": 1}, rules=match.integer(1)), "application/json"),
    }


def messages(pact):
    for name, body in bodies().items():
        if name == "generated":
            continue
        it = pact.upon_receiving(name, "Async").given("a queue", topic="t")
        it.with_body(body, "application/json").with_metadata(topic="products", kind=match.regex("a1", regex=r"^[a-z]\d$"))


def http(version, consumer="reference"):
    return Pact(consumer, "provider").with_specification(f"V{version}")
