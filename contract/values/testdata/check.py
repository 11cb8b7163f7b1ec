"""Holds values against their schemas: a line of JSON each, with the schema and its values."""
import decimal
import json
import sys

from jsonschema import Draft202012Validator

decimal.getcontext().prec = 500

# What the format checker of this library does not tell, by the reason of the value.
LENIENT = (
    "nothing before the @",  # its check of a mailbox is that there is an @
    "nothing after the @",
)


def differs(schema, value):
    if value["rule"] == "contentMediaType" or not value["valid"] and value["why"].endswith(LENIENT):
        return False
    return schema.is_valid(value["data"]) != value["valid"]


def main(path):
    count = wrong = 0
    for line in open(path, encoding="utf-8"):
        entry = json.loads(line, parse_float=decimal.Decimal)
        schema = Draft202012Validator(entry["schema"], format_checker=Draft202012Validator.FORMAT_CHECKER)
        for value in entry["values"] or ():
            count += 1
            if differs(schema, value):
                wrong += 1
                print(entry["name"], value["valid"], value["rule"], value["at"], value["why"], str(value["data"])[:200])
    print(f"{count} values, {wrong} differ")
    return min(wrong, 1)


sys.exit(main(sys.argv[1]))
