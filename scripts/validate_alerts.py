#!/usr/bin/env python3
"""Validates alert lines: validate_alerts.py SCHEMA FOLDER_OR_FILE...

Every line of the files, and of the *.jsonl files in the folders, must be a JSON object that the
schema allows, without duplicate keys, with its keys in the order of the schema, and without blanks
between them. Equal lines are validated once. Exit code 1 if a line is wrong, or if there is none.
"""

import json
import multiprocessing
import pathlib
import sys

import jsonschema

MAX_REPORTED = 20
LINES_PER_TASK = 500


def without_duplicates(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError(f"duplicate key among {keys}")
    return dict(pairs)


def refuse_constant(name):
    raise ValueError(f"{name} is not JSON")


def order_problems(value, schema, path="$"):
    """Yields where the keys of an object are not in the order of the schema's properties."""
    if isinstance(value, list):
        for i, item in enumerate(value):
            yield from order_problems(item, schema.get("items", {}), f"{path}[{i}]")
    if not isinstance(value, dict):
        return
    properties = schema.get("properties", {})
    position = {key: i for i, key in enumerate(properties)}
    keys = [key for key in value if key in position]
    if keys != sorted(keys, key=position.get):
        yield f"{path}: keys are not in the order of the schema: {', '.join(keys)}"
    for key in keys:
        yield from order_problems(value[key], properties[key], f"{path}.{key}")


def has_blanks_between(line):
    in_string = False
    escaped = False
    for c in line:
        if in_string:
            if escaped:
                escaped = False
            elif c == "\\":
                escaped = True
            elif c == '"':
                in_string = False
        elif c == '"':
            in_string = True
        elif c in " \t":
            return True
    return False


class Validator:
    """Says what is wrong with an alert line."""

    def __init__(self, schema):
        jsonschema.Draft202012Validator.check_schema(schema)
        self._schema = schema
        self._validator = jsonschema.Draft202012Validator(schema)

    def problems(self, line):
        try:
            alert = json.loads(
                line, object_pairs_hook=without_duplicates, parse_constant=refuse_constant
            )
        except ValueError as error:
            return [str(error)]
        found = [f"{error.json_path}: {error.message}" for error in self._validator.iter_errors(alert)]
        found.extend(order_problems(alert, self._schema))
        if has_blanks_between(line):
            found.append("blanks between values")
        return found


def lines_of(paths):
    """The distinct lines, each with the place where it is first found."""
    places = {}
    for path in map(pathlib.Path, paths):
        for file in [path] if path.is_file() else sorted(path.glob("*.jsonl")):
            with open(file, encoding="utf-8") as lines:
                for number, line in enumerate(lines, start=1):
                    places.setdefault(line.rstrip("\n"), f"{file.name}:{number}")
    return places


_validator = None


def start_worker(schema):
    global _validator
    _validator = Validator(schema)


def problems_of(line):
    return line, _validator.problems(line)


def main(arguments):
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    schema = json.loads(pathlib.Path(arguments[0]).read_text(encoding="utf-8"))
    places = lines_of(arguments[1:])
    if not places:
        print("no alert line was found", file=sys.stderr)
        return 1
    wrong = 0
    with multiprocessing.Pool(initializer=start_worker, initargs=(schema,)) as pool:
        for line, problems in pool.imap(problems_of, places, chunksize=LINES_PER_TASK):
            wrong += bool(problems)
            if problems and wrong <= MAX_REPORTED:
                print(f"{places[line]}: {'; '.join(problems)}\n  {line[:2000]}", file=sys.stderr)
    print(f"{len(places)} distinct alert lines, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
