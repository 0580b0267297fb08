#!/usr/bin/env python3
"""What `hark run` tells Prometheus before anything has happened, and deploy/prometheus: its rules, their tests, the runbook that they point to, the examples.

usage: prometheus_test.py HARK [unittest arguments]
"""

import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile
import unittest

import yaml

from daemon_support import Hark, ROOT, recorded_lines, wait_for
from prometheus_support import FAMILIES, FAMILIES_OF_OTHER_SOURCES, FOREIGN_FAMILIES, families_in, read_families

HARK = ""
FOLDER = ROOT / "deploy/prometheus"
RULES = FOLDER / "hark-rules.yml"
TESTS = FOLDER / "hark-rules_test.yml"
RUNBOOK = ROOT / "docs/runbook.md"


def read_rules():
    """(recording rules, alerting rules), each by name."""
    rules = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    return {rule["record"]: rule for rule in rules if "record" in rule}, {rule["alert"]: rule for rule in rules if "alert" in rule}


def promtool(*arguments):
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


class FamiliesTest(unittest.TestCase):
    """A daemon whose log is empty."""

    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as temporary:
            folder = pathlib.Path(temporary)
            (folder / "audit.log").touch()
            daemon = Hark(HARK, folder, [{"path": str(folder / "audit.log"), "from_start": True}])
            try:
                text = daemon.start().get("/metrics")[1]
            finally:
                daemon.kill()
        cls.types, cls.samples = read_families(text)

    def test_each_has_its_type_and_its_labels_and_there_is_no_other(self):
        self.assertEqual(self.types, {name: kind for name, (kind, _) in FAMILIES.items()})
        for family, labels, _ in self.samples:
            self.assertEqual(set(labels) - {"le"}, FAMILIES[family][1], family)
        self.assertEqual({family for family, _, _ in self.samples}, set(FAMILIES))

    def test_every_series_of_every_rule_is_there_and_counters_are_0(self):
        (loaded,) = [value for family, _, value in self.samples if family == "hark_rules_loaded"]
        self.assertGreater(loaded, 5)
        for name, (_, labels) in FAMILIES.items():
            if "rule" in labels:
                self.assertEqual(len({labels["rule"] for family, labels, _ in self.samples if family == name}), loaded, name)
        for family, labels, value in self.samples:
            if FAMILIES[family][0] == "counter" and family.startswith("hark_"):
                self.assertEqual(value, 0, (family, labels))

    def test_gauges_say_that_it_is_ready_and_what_its_bounds_are(self):
        values = {family: value for family, labels, value in self.samples if not labels}
        self.assertEqual(values["hark_ready"], 1)
        self.assertEqual(values["hark_config_last_reload_successful"], 1)
        self.assertEqual(values["hark_state_max_bytes"], 512 << 20)
        self.assertEqual(values["hark_fact_log_max_bytes"], 4 << 30)


class DatabaseTest(unittest.TestCase):
    def test_a_database_that_cannot_be_written_is_counted_and_hark_is_not_ready_until_it_can(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        folder = pathlib.Path(temporary.name)
        (folder / "audit.log").touch()
        daemon = Hark(HARK, folder, [{"path": str(folder / "audit.log"), "from_start": True}])
        daemon.start()
        self.addCleanup(lambda: daemon.process.poll() is None and daemon.kill())
        other = sqlite3.connect(daemon.data_dir / "hark.db", isolation_level=None)
        other.execute("CREATE TRIGGER refuses BEFORE INSERT ON revisions BEGIN SELECT RAISE(ABORT, 'no'); END")
        (folder / "audit.log").write_bytes(b"".join(recorded_lines()))
        wait_for(lambda: daemon.metric("hark_commit_failures_total") > 0, "counted")
        self.assertEqual(daemon.metric("hark_ready"), 0)
        self.assertEqual(daemon.get("/readyz")[0], 503)
        other.execute("DROP TRIGGER refuses")
        other.close()
        wait_for(lambda: daemon.metric("hark_ready") == 1, "ready again")
        self.assertEqual(daemon.stop(), 0)


class RulesTest(unittest.TestCase):
    maxDiff = 4000

    def test_promtool_finds_nothing_wrong(self):
        code, output = promtool("check", "rules", "--lint=all", "--lint-fatal", RULES)
        self.assertEqual(code, 0, output)

    def test_alerts_fire_and_are_silent_as_their_tests_say(self):
        code, output = promtool("test", "rules", TESTS)
        self.assertEqual(code, 0, output)

    def test_each_alert_has_a_case_in_which_it_fires_and_one_in_which_it_is_silent(self):
        recorded, alerts = read_rules()

        def needed(expression):
            found = families_in(expression)
            return {family for name in found for family in (needed(recorded[name]["expr"]) if name in recorded else {name})}
        fires, silent = set(), set()
        for case in yaml.safe_load(TESTS.read_text())["tests"]:
            given = {family for series in case["input_series"] for family in families_in(series["series"])}
            checks = case.get("alert_rule_test", [])
            fires |= {check["alertname"] for check in checks if check.get("exp_alerts")}
            # To be silent without the series that it looks at is no merit.
            silent |= {check["alertname"] for check in checks
                       if not check.get("exp_alerts") and needed(alerts[check["alertname"]]["expr"]) <= given}
        self.assertEqual(fires, set(alerts))
        self.assertEqual(silent, set(alerts))

    def test_rules_name_families_that_exist(self):
        recorded, alerts = read_rules()
        known = {*FAMILIES, *FAMILIES_OF_OTHER_SOURCES, *FOREIGN_FAMILIES, *recorded}
        for name, rule in {**recorded, **alerts}.items():
            self.assertLessEqual(families_in(rule["expr"]), known, name)

    def test_each_alert_says_what_it_means_and_where_to_read_on(self):
        _, alerts = read_rules()
        for name, rule in alerts.items():
            self.assertEqual(set(rule["annotations"]), {"summary", "description", "runbook_url"}, name)
            self.assertIn(rule["labels"]["severity"], ("critical", "warning", "info"), name)
            self.assertEqual(rule["annotations"]["runbook_url"], f"https://hark.example/docs/runbook.md#{name.lower()}")
        headings = re.findall(r"^### (\S+)$", RUNBOOK.read_text(), re.MULTILINE)
        self.assertEqual(sorted(headings), sorted(alerts))


class ExamplesTest(unittest.TestCase):
    def test_the_scrape_configuration_is_one_and_loads_the_rules(self):
        code, output = promtool("check", "config", "--syntax-only", FOLDER / "scrape.yml")
        self.assertEqual(code, 0, output)
        config = yaml.safe_load((FOLDER / "scrape.yml").read_text())
        self.assertEqual(config["rule_files"], [RULES.name])
        self.assertIn("hark", [job["job_name"] for job in config["scrape_configs"]])

    def test_the_operator_gets_the_same_rules_and_the_job_that_they_look_for(self):
        printed = subprocess.run([FOLDER / "prometheus-rule"], check=True, capture_output=True, text=True).stdout
        manifest = yaml.safe_load(printed)
        self.assertEqual((manifest["apiVersion"], manifest["kind"]), ("monitoring.coreos.com/v1", "PrometheusRule"))
        self.assertEqual(manifest["spec"], yaml.safe_load(RULES.read_text()))
        monitor = yaml.safe_load((FOLDER / "servicemonitor.yaml").read_text())
        self.assertEqual((monitor["apiVersion"], monitor["kind"]), ("monitoring.coreos.com/v1", "ServiceMonitor"))
        self.assertEqual(monitor["spec"]["selector"]["matchLabels"][monitor["spec"]["jobLabel"]], "hark")


if __name__ == "__main__":
    HARK = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
