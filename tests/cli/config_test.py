#!/usr/bin/env python3
"""`hark config` as a user runs it, the example of deploy/, and docs/config.schema.json.

usage: config_test.py HARK [unittest arguments]
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import jsonschema
import yaml

HARK = ""
ROOT = pathlib.Path(os.environ["HARK_SOURCE_DIR"])
EXAMPLE = ROOT / "deploy" / "examples" / "hark.yaml"


class ConfigTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return str(path)

    def hark(self, *arguments, code=0, **variables):
        environment = {key: value for key, value in os.environ.items() if not key.startswith("HARK_")}
        done = subprocess.run([HARK, "config", *arguments], capture_output=True, text=True, check=False, timeout=120,
                              env=environment | variables)
        self.assertEqual(done.returncode, code, f"{arguments}\n{done.stdout}\n{done.stderr}")
        return done


class CheckTest(ConfigTest):
    def test_all_errors_are_shown_with_their_lines_and_exit_code_3(self):
        path = self.write("hark.yaml", "clustre: a\nlog:\n  level: dbug\n")
        done = self.hark("check", "--config", path, code=3)
        self.assertEqual(done.stdout, "")
        self.assertEqual(done.stderr, f"""{path}:1:1: error: there is no setting 'clustre'; did you mean 'cluster'?
  clustre: a
  ^
{path}:3:10: error: 'log.level' must be one of debug, info, warn, error, not 'dbug'; did you mean 'debug'?
    level: dbug
           ^
""")

    def test_a_file_that_cannot_be_read_is_exit_code_3(self):
        self.assertIn("cannot read", self.hark("check", "--config", str(self.folder / "none"), code=3).stderr)
        self.assertIn("cannot read", self.hark("check", "--config", str(self.folder), code=3).stderr)

    def test_templates_and_silences_are_checked(self):
        self.write("body.json", '{"text": "{{nobody.knows}}"}')
        webhook = "{name: soc, url: http://soc.test, format: template, template_file: body.json}"
        path = self.write("hark.yaml", f"outputs: {{webhooks: [{webhook}]}}\n")
        self.assertRegex(self.hark("check", "--config", path, code=3).stderr, r"output soc: \S*body\.json: line 1: unknown field 'nobody.knows'")
        self.write("body.json", '{"text": "{{title}}"}')
        self.hark("check", "--config", path)
        silence = "{matchers: nobody=knows, reason: a, author: b, until: 2030-01-01T00:00:00Z}"
        path = self.write("hark.yaml", f"silences: [{silence}]\n")
        self.assertIn("silences[0]: unknown field 'nobody'", self.hark("check", "--config", path, code=3).stderr)

    def test_the_configuration_can_be_named_by_the_environment(self):
        path = self.write("hark.yaml", "x: 1\n")
        self.assertIn(f"{path}:1:1", self.hark("check", code=3, HARK_CONFIG=path).stderr)

    def test_an_error_of_the_environment_or_a_flag_names_it(self):
        path = self.write("hark.yaml", "")
        done = self.hark("check", "--config", path, "--set", "shutdown.deadline=1", code=3, HARK_LOG_LEVEL="loud")
        self.assertIn("HARK_LOG_LEVEL: error: 'log.level' must be", done.stderr)
        self.assertIn("--set: error: 'shutdown.deadline' must be", done.stderr)

    def test_a_setting_without_a_value_is_a_usage_error(self):
        self.assertIn("KEY=VALUE", self.hark("check", "--config", self.write("a.yaml", ""), "--set", "x", code=2).stderr)


class ShowTest(ConfigTest):
    def test_flag_over_environment_over_conf_d_over_file(self):
        path = self.write("hark.yaml", "cluster: a\nlog: {level: error, format: json}\nstate: {max_bytes: 1GiB}\n")
        self.write("conf.d/10.yaml", "cluster: b\nlog: {level: warn}\n")
        done = self.hark("show", "--config", path, "--set", "cluster=d", HARK_CLUSTER="c", HARK_LOG_LEVEL="info")
        self.assertRegex(done.stdout, r"cluster: d +# --set\n")
        self.assertRegex(done.stdout, r"level: info +# HARK_LOG_LEVEL\n")
        self.assertRegex(done.stdout, rf"format: json +# {re.escape(path)}:2\n")
        self.assertRegex(done.stdout, r"deadline: 30s +# default\n")

    def test_is_yaml(self):
        shown = yaml.safe_load(self.hark("show", "--config", str(EXAMPLE)).stdout)
        self.assertEqual(shown["cluster"], "production")
        self.assertEqual(shown["sources"]["files"][0]["lateness"], "5s")

    def test_a_secret_is_printed_by_no_command(self):
        secret = self.write("secret", "hunter2\n")
        path = self.write("hark.yaml", f"cluster: ${{file:{secret}}}\nadmin: {{token_file: {secret}}}\n")
        wrong = self.write("wrong.yaml", f"log: {{level: '${{file:{secret}}}'}}\nadmin: {{listen: '${{file:{secret}}}'}}\n")
        for done in [self.hark("show", "--config", path), self.hark("check", "--config", path),
                     self.hark("check", "--config", wrong, code=3)]:
            self.assertNotIn("hunter2", done.stdout + done.stderr)


class ExampleTest(ConfigTest):
    def test_is_accepted_without_a_warning(self):
        self.assertEqual(self.hark("check", "--config", str(EXAMPLE)).stderr, "")

    def test_its_comments_are_settings_as_well(self):
        """What it shows as a comment can be switched on, and is the default where it says no more."""
        text = re.sub(r"(?m)^( *)# ([a-z_]+: .*)$", r"\1\2", EXAMPLE.read_text(encoding="utf-8"))
        text = text.replace("/etc/hark/admin-token", self.write("token", "x"))
        path = self.write("hark.yaml", text)
        self.assertEqual(self.hark("check", "--config", path).stderr, "")
        changed = {"rules.paths.0", "admin.token_file", "quarantine.path"}
        defaults = self.settings(self.hark("show", "--config", str(EXAMPLE)).stdout)
        for key, value in self.settings(self.hark("show", "--config", path).stdout).items():
            if key not in changed:
                self.assertEqual(value, defaults[key], key)

    def test_names_every_setting(self):
        text = EXAMPLE.read_text(encoding="utf-8")
        schema = json.loads(self.hark("schema").stdout)
        for path in self.keys(schema):
            self.assertRegex(text, rf"(?m)^ *(# *(- )?|- )?{path[-1]}:", ".".join(path))

    def keys(self, schema, path=()):
        for key, value in schema.get("properties", {}).items():
            yield path + (key,)
            yield from self.keys(value.get("items", value), path + (key,))

    def settings(self, text, path=""):
        """The leaves of a YAML text by their path."""
        def leaves(value, path):
            items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
            if items is None or not value:
                yield path, value
                return
            for key, inner in items:
                yield from leaves(inner, f"{path}.{key}" if path else key)
        return dict(leaves(yaml.safe_load(text), path))


class SchemaTest(ConfigTest):
    def setUp(self):
        super().setUp()
        self.schema = json.loads(self.hark("schema").stdout)
        self.validator = jsonschema.Draft202012Validator(self.schema)

    def problems(self, text):
        return [error.message for error in self.validator.iter_errors(yaml.safe_load(text))]

    def test_docs_have_the_schema_that_hark_prints(self):
        """hark config schema > docs/config.schema.json"""
        self.assertEqual((ROOT / "docs" / "config.schema.json").read_text(encoding="utf-8"), self.hark("schema").stdout)

    def test_is_a_schema(self):
        jsonschema.Draft202012Validator.check_schema(self.schema)

    def test_accepts_the_example(self):
        self.assertEqual(self.problems(EXAMPLE.read_text(encoding="utf-8")), [])

    def test_judges_as_hark_does(self):
        for text in ["log: {level: debug}", "log: {level: '${X:-info}'}", "log:", "state: {max_bytes: 2097152}",
                     "snapshot: {interval: 1h30m}", "outputs: {stdout: {enabled: '${X:-true}'}}",
                     "admin: {listen: ''}", "cluster: ''", "sources: {files: [{path: /a, cluster: b}]}", "rules: {paths: [/a]}",
                     "outputs: {webhooks: [{name: a, url: 'https://a.example/x', headers: [{name: X, value: y}]}]}",
                     "outputs: {alertmanagers: [{name: a, urls: ['http://am:9093']}]}"]:
            self.assertEqual(self.problems(text), [], text)
            self.hark("check", "--config", self.write("hark.yaml", text))
        for text in ["clustre: a", "log: {level: dbug}", "log: [a]", "log: {level: {}}", "state: {max_bytes: 64 MiB}",
                     "state: {max_bytes: 1}", "snapshot: {interval: 60}", "snapshot: {interval: '60'}",
                     "outputs: {stdout: {enabled: 1}}", "admin: {listen: localhost}", "cluster: []",
                     "sources: {files: [{cluster: b}]}", "sources: {files: {path: /a}}", "rules: {paths: /a}",
                     "rules: {paths: [[a]]}", "sources: {files: [{path: ~}]}",
                     "outputs: {webhooks: [{url: 'https://a.example'}]}", "outputs: {slack: [{name: a}]}",
                     "outputs: {webhooks: [{name: a, url: 'ftp://a.example'}]}",
                     "outputs: {webhooks: [{name: a, url: 'https://user:password@a.example'}]}",
                     "outputs: {webhooks: [{name: a, url: 'https://a.example', max_per_minute: -1}]}"]:
            self.assertNotEqual(self.problems(text), [], text)
            self.hark("check", "--config", self.write("hark.yaml", text), code=3)


if __name__ == "__main__":
    HARK = sys.argv.pop(1)
    unittest.main()
