#!/usr/bin/env python3
"""Runs the hark binary as a user does: exit codes, what goes where, and that nothing depends on threads or batches.

usage: cli_test.py HARK [unittest arguments]
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

HARK = ""
SHIPPED = pathlib.Path(__file__).resolve().parents[2] / "rules"


def event(second, user="alice", verb="get", resource="secrets", name="db", code=200, number=0):
    """One line of an audit log, `second` after 2026-01-01T00:00:00Z."""
    time = f"2026-01-01T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.{number:06}Z"
    return json.dumps({
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "auditID": f"{second}-{user}-{name}-{number}",
        "stage": "ResponseComplete", "requestURI": f"/api/v1/namespaces/shop/{resource}/{name}", "verb": verb,
        "user": {"username": user, "groups": ["system:authenticated"]}, "sourceIPs": ["192.0.2.10"], "userAgent": "kubectl",
        "objectRef": {"resource": resource, "namespace": "shop", "name": name, "apiVersion": "v1"},
        "responseStatus": {"metadata": {}, "code": code}, "requestReceivedTimestamp": time, "stageTimestamp": time}) + "\n"


def burst(start, user="alice", secrets=12):
    """One actor reads so many Secrets that it is an alert of level high."""
    return "".join(event(start + i, user, name=f"secret-{i}") for i in range(secrets))


def quiet(start, count):
    return "".join(event(start + i, "system:apiserver", resource="pods", name=f"pod-{i}") for i in range(count))


class CliTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return str(path)

    def hark(self, *arguments, code=0, stdin=""):
        done = subprocess.run([HARK, *arguments], input=stdin, capture_output=True, text=True, check=False, timeout=120)
        self.assertEqual(done.returncode, code, f"{arguments}\n{done.stdout}\n{done.stderr}")
        return done

    def alerts(self, *arguments, **options):
        done = self.hark("replay", "--output", "jsonl", "--now", "2026-01-02T00:00:00Z", *arguments, **options)
        self.keep_alert_lines(done.stdout)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def keep_alert_lines(self, lines):
        """For the test alert_schema, which validates all alerts that any test has made."""
        folder = os.environ.get("HARK_ALERT_LINES")
        if folder:
            os.makedirs(folder, exist_ok=True)
            with open(pathlib.Path(folder) / f"cli_test-{os.getpid()}.jsonl", "a", encoding="utf-8") as file:
                file.write(lines)


class UsageTest(CliTest):
    def assert_usage_error(self, *arguments, message):
        done = self.hark(*arguments, code=2)
        self.assertEqual(done.stdout, "")
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn(message, done.stderr)

    def test_a_usage_error_is_one_clear_line(self):
        path = self.write("audit.log", "")
        self.assert_usage_error(message="subcommand is required")
        self.assert_usage_error("nonsense", message="no command \"hark nonsense\"")
        self.assert_usage_error("replay", message="INPUT")
        self.assert_usage_error("replay", path, "--nonsense", message="--nonsense")
        self.assert_usage_error("replay", path, "--output", "xml", message="table, jsonl, none")
        self.assert_usage_error("replay", path, "--min-level", "bad", message="critical")
        self.assert_usage_error("replay", path, "--fail-on", "bad", message="critical")
        self.assert_usage_error("replay", path, "--from", "yesterday", message="--from")
        self.assert_usage_error("replay", path, "--to", "yesterday", message="--to")
        self.assert_usage_error("replay", path, "--now", "-2h", message="--now")
        self.assert_usage_error("replay", path, "--lateness", "60", message="--lateness")
        self.assert_usage_error("replay", path, "--lateness=-5s", message="--lateness")
        self.assert_usage_error("replay", path, "--threads", "0", message="--threads")
        self.assert_usage_error("replay", path, "--state-bytes", "much", message="--state-bytes")
        self.assert_usage_error("replay", path, "--events-of", "xyz", message="6 to 32")
        self.assert_usage_error("replay", path, "--events-of", "abc12", message="6 to 32")
        self.assert_usage_error("replay", "-", "-", message="only once")
        self.assert_usage_error("rules", message="subcommand is required")
        self.assert_usage_error("rules", "nonsense", message="no command \"hark rules nonsense\"")

    def test_help_and_version_are_no_errors(self):
        self.assertIn("replay", self.hark("--help").stdout)
        self.assertIn("--lateness", self.hark("replay", "--help").stdout)
        self.assertEqual(self.hark("--version").stdout, self.hark("version").stdout)

    def test_fields_are_listed(self):
        self.assertIn("actor.name", self.hark("fields").stdout)


class ReplayTest(CliTest):
    def test_an_alert_is_found(self):
        alerts = self.alerts(self.write("audit.log", burst(0)))
        self.assertEqual([alert["actor"]["name"] for alert in alerts], ["alice"])
        self.assertEqual(alerts[0]["state"], "closed")

    def test_standard_input_gives_the_same_as_a_file(self):
        log = quiet(0, 50) + burst(60)
        self.assertEqual(self.alerts("-", stdin=log), self.alerts(self.write("audit.log", log)))

    def test_the_last_line_needs_no_line_feed_and_lines_may_end_in_crlf(self):
        log = burst(0)
        expected = self.alerts(self.write("lf.log", log))
        self.assertEqual(self.alerts(self.write("cut.log", log[:-1])), expected)
        done = subprocess.run([HARK, "replay", "--output", "jsonl", "-"], input=log.replace("\n", "\r\n").encode(), capture_output=True, check=True)
        self.assertEqual([json.loads(line)["id"] for line in done.stdout.splitlines()], [alert["id"] for alert in expected])

    def test_threads_and_batches_change_no_byte(self):
        log = "".join(quiet(200 * i, 100) + burst(200 * i + 100, f"user-{i}", 10 + i) for i in range(20))
        lines = log.splitlines(keepends=True)
        first, second = self.write("1.log", "".join(lines[::2])), self.write("2.log", "".join(lines[1::2]))
        arguments = ["replay", "--output", "jsonl", "--now", "2026-01-02T00:00:00Z", "--min-level", "informational"]
        expected = self.hark(*arguments, self.write("all.log", log)).stdout
        self.assertEqual(expected.count("\n"), 20)
        for threads in range(1, 9):
            for batch_bytes in (1, 5000, 262144):
                done = self.hark(*arguments, "--threads", str(threads), "--batch-bytes", str(batch_bytes), first, second)
                self.assertEqual(done.stdout, expected, f"{threads} threads, batches of {batch_bytes}")

    def test_the_cluster_is_the_name_of_the_input_or_the_option(self):
        path = self.write("audit.log", burst(0))
        self.assertEqual(self.alerts(path)[0]["cluster"], "default")
        self.assertEqual(self.alerts(path, "--cluster", "staging")[0]["cluster"], "staging")
        clusters = [alert["cluster"] for alert in self.alerts(f"prod={path}", path, "--cluster", "staging")]
        self.assertEqual(sorted(clusters), ["prod", "staging"])

    def test_fail_on_tells_of_a_level_and_above(self):
        path = self.write("audit.log", burst(0))
        self.hark("replay", path, "--output", "none", "--fail-on", "high", code=1)
        self.hark("replay", path, "--output", "none", "--fail-on", "low", code=1)
        self.hark("replay", path, "--output", "none", "--fail-on", "critical", code=0)

    def test_fail_on_does_not_depend_on_what_is_shown(self):
        path = self.write("audit.log", burst(0))
        self.assertEqual(self.hark("replay", path, "--output", "jsonl", "--min-level", "critical", "--fail-on", "high", code=1).stdout, "")

    def test_min_level_hides_what_is_below(self):
        path = self.write("audit.log", burst(0))
        self.assertEqual(len(self.alerts(path, "--min-level", "high")), 1)
        self.assertEqual(self.alerts(path, "--min-level", "critical"), [])

    def test_relative_times_count_from_the_last_event(self):
        path = self.write("audit.log", burst(0, "early") + burst(10_000, "late") + event(20_000, resource="pods"))
        self.assertEqual([alert["actor"]["name"] for alert in self.alerts(path, "--from=-3h")], ["late"])
        self.assertEqual([alert["actor"]["name"] for alert in self.alerts(path, "--to", "2026-01-01T01:00:00Z")], ["early"])
        self.assertEqual([alert["actor"]["name"] for alert in self.alerts(path, "--to", "-3h")], ["early"])

    def test_what_needs_the_input_twice_cannot_read_standard_input(self):
        for arguments in (["--from", "-2h"], ["--to=-2h"], ["--events-of", "abcdef"]):
            self.assertIn("twice", self.hark("replay", "-", *arguments, code=2).stderr)

    def test_an_event_of_the_future_is_rejected_with_its_reason(self):
        done = self.hark("replay", self.write("audit.log", burst(7200)), "--now", "2026-01-01T00:00:00Z", "--output", "none")
        self.assertIn("12 rejected (12 future)", done.stderr)
        self.assertIn("--now", done.stderr)

    def test_what_is_no_event_is_counted_and_told(self):
        done = self.hark("replay", self.write("audit.log", "{\"cut off\":\n" + burst(0)), "--output", "none")
        self.assertIn("12 events, 0 skipped, 1 rejected (1 truncated)", done.stderr)
        self.assertIn("warning", done.stderr)


class InputOutputTest(CliTest):
    def test_a_missing_file_is_named_and_the_others_are_read(self):
        done = self.hark("replay", "--output", "jsonl", self.write("audit.log", burst(0)), str(self.folder / "missing.log"), code=4)
        self.assertEqual(done.stdout.count("\n"), 1)
        self.assertIn("missing.log", done.stderr)
        self.assertIn("No such file", done.stderr)

    def test_an_input_that_names_no_file_is_an_error(self):
        self.assertIn("names no file", self.hark("replay", str(self.folder), code=4).stderr)
        self.assertIn("*.log names no file", self.hark("replay", f"prod={self.folder}/*.log", code=4).stderr)

    def test_a_folder_a_pattern_and_the_files_give_the_same(self):
        paths = [self.write("audit.log", quiet(90, 20) + burst(200)), self.write("audit.log.1", quiet(40, 40)),
                 self.write("audit.log.2", burst(0)), self.write("other.json", burst(100, "bob"))]
        expected = self.alerts(*paths)
        self.assertEqual(len(expected), 2)
        self.assertEqual(self.alerts(str(self.folder)), expected)
        self.assertEqual(self.alerts(f"{self.folder}/*"), expected)
        self.assertEqual(self.alerts(paths[3], str(self.folder)), expected)

    def test_links_that_lead_nowhere_or_in_circles_are_no_files(self):
        self.write("audit.log", burst(0))
        os.symlink(self.folder, self.folder / "loop")
        os.symlink("nowhere", self.folder / "audit.log.1")
        self.assertEqual(len(self.alerts(str(self.folder))), 1)

    def test_what_needs_the_input_twice_reads_a_folder_twice(self):
        self.write("a.json", burst(0))
        self.write("b.json", burst(4000, "bob"))
        self.assertEqual([alert["actor"]["name"] for alert in self.alerts("--from", "-10m", str(self.folder))], ["bob"])

    def test_more_files_than_descriptors_can_be_read(self):
        for i in range(150):
            self.write(f"{i * 7 % 150}.json", burst(i * 20, secrets=2) if i else burst(0))
        done = subprocess.run(["sh", "-c", 'ulimit -n 40 && exec "$@"', "sh", HARK, "replay", "--output", "jsonl", str(self.folder)],
                              capture_output=True, text=True, check=False, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("310 events", done.stderr)

    def test_an_input_error_wins_over_findings(self):
        self.hark("replay", self.write("audit.log", burst(0)), str(self.folder / "missing.log"), "--output", "none", "--fail-on", "low", code=4)

    def test_bad_rules_are_told_with_their_place(self):
        rules = self.write("bad.yml", "title: Bad\nid: 11111111-2222-4333-8444-555555555555\ndetection: 7\n")
        self.assertIn("bad.yml:3:", self.hark("replay", "--rules", rules, "--", self.write("audit.log", ""), code=3).stderr)

    def test_standard_output_is_the_alerts_alone(self):
        done = self.hark("replay", "--output", "jsonl", self.write("audit.log", burst(0)))
        self.assertEqual(len(done.stdout.splitlines()), 1)
        self.assertIn("12 events", done.stderr)

    def test_the_table_is_followed_by_counts_and_statistics(self):
        done = self.hark("replay", self.write("audit.log", burst(0)))
        for text in ("alice", "high", "Many distinct Secrets read", "12 events", "0 rejected"):
            self.assertIn(text, done.stdout)
        self.assertEqual(done.stderr, "")

    def test_none_leaves_standard_output_empty(self):
        done = self.hark("replay", "--output", "none", self.write("audit.log", burst(0)))
        self.assertEqual(done.stdout, "")
        self.assertIn("Many distinct Secrets read", done.stderr)

    def test_a_pipe_gets_no_escape_codes_and_no_progress(self):
        log = self.write("audit.log", burst(0, "\u001b[31mmallory\u0007"))
        for output in ("table", "jsonl", "none"):
            done = self.hark("replay", "--output", output, log)
            self.assertNotIn("\x1b", done.stdout + done.stderr)
            self.assertNotIn("\r", done.stdout + done.stderr)

    def test_a_closed_pipe_ends_quietly(self):
        log = self.write("audit.log", "".join(burst(100 * i, f"user-{i}") for i in range(800)))
        with subprocess.Popen([HARK, "replay", "--output", "jsonl", log], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdout.close()
            errors = process.stderr.read()
            self.assertEqual(process.wait(120), 0)
        self.assertEqual(errors, b"")

    def test_a_full_disk_is_an_error(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([HARK, "replay", "--output", "jsonl", self.write("audit.log", burst(0))],
                                  stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(done.returncode, 4)
        self.assertIn("No space left", done.stderr)

    def test_an_interrupt_shows_what_there_is(self):
        with subprocess.Popen([HARK, "replay", "--output", "jsonl", "--batch-bytes", "1", "-"], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            # The first alert closes, and is written, when later events have been judged; the input then stays open.
            process.stdin.write(burst(0) + "".join(event(40_000 + i, f"user-{i}", "list", name="") for i in range(600)))
            process.stdin.flush()
            self.addCleanup(process.kill)
            self.assertIn("alice", process.stdout.readline())
            process.send_signal(signal.SIGINT)
            rest = process.stdout.read()
            self.assertEqual(process.wait(120), 130)
        self.assertIn("user-0", rest)


class EventsOfTest(CliTest):
    def test_the_raw_events_of_an_alert_are_printed_once_each(self):
        log = quiet(0, 20) + burst(30) + burst(30) + burst(60, "bob")
        path = self.write("audit.log", log)
        for alert in self.alerts(path):
            done = self.hark("replay", path, "--now", "2026-01-02T00:00:00Z", "--events-of", alert["id"][:8])
            start = 30 if alert["actor"]["name"] == "alice" else 60
            self.assertEqual(done.stdout, burst(start, alert["actor"]["name"]))
            self.assertEqual(len(done.stdout.splitlines()), alert["window"]["count"])

    def test_an_unknown_id_is_an_error(self):
        path = self.write("audit.log", burst(0))
        self.assertIn("no alert", self.hark("replay", path, "--events-of", "0123456789", code=2).stderr)


class RulesTest(CliTest):
    RULE = ("title: Pods deleted\nid: 11111111-2222-4333-8444-555555555555\nname: pods_deleted\n"
            "logsource: {product: kubernetes, service: audit}\n"
            "detection: {selection: {verb: delete, objectRef.resource: pods}, condition: selection}\nlevel: medium\n")

    def test_shipped_rules_are_without_an_error(self):
        self.hark("rules", "check", str(SHIPPED))
        self.hark("rules", "check")

    def test_rules_are_listed_and_shown(self):
        self.assertIn("secret_read_burst", self.hark("rules", "list").stdout)
        self.assertIn("secrets", self.hark("rules", "show", "secret_read_burst").stdout)
        self.assertIn("secrets", self.hark("rules", "show").stdout)
        self.assertIn("no rule", self.hark("rules", "show", "nonsense", code=2).stderr)

    def test_a_missing_rule_file_is_a_configuration_error(self):
        self.hark("rules", "check", str(self.folder / "missing.yml"), code=3)

    def test_a_test_passes_or_fails(self):
        self.write("pods.yml", self.RULE)
        self.write("pods_test.yml", "- name: deleted\n  events: [{verb: delete, resource: pods}]\n  expect: [{rule: pods_deleted, count: 1}]\n")
        self.assertIn("1 passed, 0 failed", self.hark("rules", "test", str(self.folder)).stdout)
        self.write("pods_test.yml", "- name: deleted\n  events: [{verb: delete, resource: pods}]\n  expect: [{rule: pods_deleted, count: 2}]\n"
                                    "- name: silent\n  events: [{verb: delete, resource: pods}]\n  expect: []\n")
        done = self.hark("rules", "test", str(self.folder / "pods_test.yml"), code=1)
        self.assertIn("expected, not raised: pods_deleted count 2", done.stdout)
        self.assertIn("raised, not expected: pods_deleted", done.stdout)
        self.assertIn("0 passed, 2 failed", done.stdout)

    def test_a_rule_without_a_test_fails(self):
        self.write("pods.yml", self.RULE)
        self.assertIn("no test beside it", self.hark("rules", "test", str(self.folder), code=1).stdout)

    def test_all_mistakes_of_a_test_file_are_told_with_their_places(self):
        self.write("pods.yml", self.RULE)
        self.write("pods_test.yml", "- name: a\n  events: [{verbs: get, at: soon}]\n  expect: [{count: many}]\n  expects: []\n- name: a\n")
        errors = self.hark("rules", "test", str(self.folder), code=3).stderr
        for text in ("verbs", "'at' must be a duration", "'count' must be a number", "needs a 'rule'", "expects", "another test named",
                     "needs 'events'", "pods_test.yml:2:"):
            self.assertIn(text, errors)

    def test_an_own_rule_takes_the_place_of_the_shipped_ones(self):
        rule = self.write("pods.yml", self.RULE)
        log = self.write("audit.log", burst(0) + event(1, verb="delete", resource="pods"))
        self.assertEqual([alert["rule"]["name"] for alert in self.alerts(log, "--rules", rule)], ["pods_deleted"])

    def test_rules_see_the_lists_that_they_bring(self):
        self.write("pods.yml", self.RULE.replace("condition: selection", "filter: {actor.known: exact}, condition: selection and not filter"))
        log = self.write("audit.log", event(0, "eve", "delete", "pods") + event(1, "system:kube-scheduler", "delete", "pods"))
        names = [alert["actor"]["name"] for alert in self.alerts(log, "--rules", str(self.folder))]
        self.assertEqual(names, ["eve"])
        (self.folder / "lists").mkdir()
        self.write("lists/known.yml", "known_components:\n  exact: [eve]\n")
        names = [alert["actor"]["name"] for alert in self.alerts(log, "--rules", str(self.folder))]
        self.assertEqual(names, ["system:kube-scheduler"])


if __name__ == "__main__":
    HARK = os.path.abspath(sys.argv.pop(1))
    unittest.main()
