#!/usr/bin/env python3
"""What docs/alert.schema.json and scripts/validate_alerts.py accept and refuse."""

import copy
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(os.environ["HARK_SOURCE_DIR"])
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "scripts"))
import validate_alerts  # noqa: E402

SCHEMA = ROOT / "docs" / "alert.schema.json"


def example():
    """The alert that docs/alerts.md shows."""
    text = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")
    return json.loads(re.search(r"```json\n(.*?)```", text, re.DOTALL).group(1))


def line_of(alert):
    return json.dumps(alert, separators=(",", ":"), ensure_ascii=False)


def nodes(value, path=()):
    """Every value within a value, with its path."""
    yield path, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from nodes(item, path + (key,))


def changed(path, change):
    """The line of the example, with `change` applied to the container of the path and its key."""
    alert = example()
    container = alert
    for key in path[:-1]:
        container = container[key]
    change(container, path[-1])
    return line_of(alert)


def assign(value):
    def change(container, key):
        container[key] = value

    return change


class ValidateAlertsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.validator = validate_alerts.Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))

    def assert_accepted(self, line):
        self.assertEqual(self.validator.problems(line), [], line)

    def assert_refused(self, line):
        self.assertNotEqual(self.validator.problems(line), [], line)

    def test_accepts_the_example_of_the_documentation(self):
        self.assert_accepted(line_of(example()))

    def test_the_example_has_every_key_of_the_schema(self):
        def keys(schema, path=()):
            for key, value in schema.get("properties", {}).items():
                yield path + (key,)
                yield from keys(value, path + (key,))

        shown = {path for path, _ in nodes(example())}
        schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
        for path in keys(schema):
            if path[0] not in ("matched", "reason"):  # those are not of every alert
                self.assertIn(path, shown)

    def test_refuses_null_for_every_value_but_those_of_the_group(self):
        for path, _ in nodes(example()):
            if not path:
                continue
            line = changed(path, assign(None))
            if path[0] == "group" and len(path) == 2:
                self.assert_accepted(line)
            else:
                self.assert_refused(line)

    def test_refuses_another_type_for_every_value(self):
        for path, value in nodes(example()):
            if path:
                self.assert_refused(changed(path, assign(7 if isinstance(value, str) else "seven")))

    def test_refuses_an_unknown_key_in_every_object_but_the_group(self):
        for path, value in nodes(example()):
            if isinstance(value, dict) and path != ("group",):
                alert = example()
                container = alert
                for key in path:
                    container = container[key]
                container["detectedAt"] = "2026-11-23T18:04:22.921545Z"
                self.assert_refused(line_of(alert))

    def test_refuses_an_empty_text_and_an_empty_list(self):
        for path, value in nodes(example()):
            if isinstance(value, str) and path[0] not in ("group", "matched"):
                self.assert_refused(changed(path, assign("")))
            if isinstance(value, list) and path != ("matched",):
                self.assert_refused(changed(path, assign([])))

    def test_refuses_an_alert_without_one_of_its_required_keys(self):
        schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
        paths = [(key,) for key in schema["required"]]
        for key, value in schema["properties"].items():
            paths.extend((key, inner) for inner in value.get("required", []))
        for path in paths:
            self.assert_refused(changed(path, lambda container, key: container.pop(key)))

    def test_refuses_keys_in_another_order(self):
        for path, value in nodes(example()):
            if isinstance(value, dict) and len(value) > 1 and path not in (("group",), ("evidence", "stages")):
                alert = example()
                container = alert
                for key in path:
                    container = container[key]
                first = next(iter(container))
                container[first] = container.pop(first)
                self.assert_refused(line_of(alert))

    def test_refuses_values_outside_their_sets_and_forms(self):
        for path, value in [
            (("schema",), "hark.alert/v2"),
            (("id",), "3F2A9C01D4E5F60718293A4B5C6D7E8F"),
            (("id",), "3f2a9c01"),
            (("n",), 0),
            (("n",), 1.5),
            (("state",), "open"),
            (("level",), "warning"),
            (("actor", "type"), "robot"),
            (("actor", "known"), "maybe"),
            (("request", "outcome"), "failed"),
            (("request", "code"), 0),
            (("rule", "attack", "techniques"), ["attack.t1552"]),
            (("window", "type"), "tumbling"),
            (("window", "timespan"), "5 minutes"),
            (("window", "timespan"), "m"),
            (("window", "count"), 0),
            (("window", "total"), 0),
            (("objects", "total"), -1),
            (("objects", "names"), [f"a/{i}" for i in range(101)]),
            (("objects", "names"), ["a/b", "a/b"]),
            (("evidence", "stages"), {"RequestReceived": 1}),
            (("evidence", "stages"), {}),
            (("evidence", "events"), 0),
            (("first",), "2026-11-23T18:04:22Z"),
            (("first",), "2026-11-23T18:04:22.921545+00:00"),
            (("first",), "2026-13-23T18:04:22.921545Z"),
            (("last",), 1795457062921545),
            (("exact",), 1),
        ]:
            with self.subTest(path=path, value=value):
                self.assert_refused(changed(path, assign(value)))

    def test_only_a_closed_alert_says_when_it_was_closed(self):
        alert = example()
        del alert["closed"]
        self.assert_refused(line_of(alert))
        alert["state"] = "escalated"
        self.assert_accepted(line_of(alert))
        alert = example()
        alert["state"] = "opened"
        self.assert_refused(line_of(alert))

    def test_a_single_event_rule_has_no_window_and_the_others_have_one(self):
        alert = example()
        alert["window"] = {"type": "event", "count": 3}
        self.assert_accepted(line_of(alert))
        alert["window"] = {"type": "event", "timespan": "5m", "count": 3}
        self.assert_refused(line_of(alert))
        alert["window"] = {"type": "event_count", "count": 3}
        self.assert_refused(line_of(alert))

    def test_refuses_what_is_no_json(self):
        good = line_of(example())
        for line in ["", "{", "[]", "null", good[:-1], good + "x", good.replace('"n":4', '"n":NaN')]:
            self.assert_refused(line)

    def test_refuses_a_key_that_comes_twice(self):
        self.assert_refused(line_of(example()).replace('"n":4', '"n":4,"n":4'))

    def test_refuses_blanks_between_values(self):
        self.assert_refused(line_of(example()).replace('"n":4', '"n": 4'))


class CommandTest(unittest.TestCase):
    """Runs the script on a folder with these lines."""

    def run_on(self, *lines):
        with tempfile.TemporaryDirectory() as folder:
            if lines:
                text = "".join(line + "\n" for line in lines)
                (pathlib.Path(folder) / "a.jsonl").write_text(text, encoding="utf-8")
            return subprocess.run(
                [sys.executable, str(ROOT / "scripts" / "validate_alerts.py"), str(SCHEMA), folder],
                capture_output=True,
                text=True,
                check=False,
            )

    def test_succeeds_and_counts_distinct_lines(self):
        line = line_of(example())
        result = self.run_on(line, line)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("1 distinct alert lines, 0 wrong", result.stdout)

    def test_names_the_place_of_a_wrong_line(self):
        alert = copy.deepcopy(example())
        alert["level"] = "warning"
        result = self.run_on(line_of(example()), line_of(alert))
        self.assertEqual(result.returncode, 1)
        self.assertIn("a.jsonl:2: $.level", result.stderr)

    def test_fails_if_there_is_no_line(self):
        result = self.run_on()
        self.assertEqual(result.returncode, 1)
        self.assertIn("no alert line was found", result.stderr)


if __name__ == "__main__":
    unittest.main()
