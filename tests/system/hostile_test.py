#!/usr/bin/env python3
"""Strings that somebody has chosen to deceive (hostile_events.py) are inert wherever hark shows them: on a terminal, in JSON, at webhooks, Alertmanager and Slack, in its log, its metrics and
the answers of its API; and long ones are cut.

usage: hostile_test.py HARK [unittest arguments]
"""

import json
import os
import pathlib
import pty
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.parse
import urllib.request

import hostile_events
from daemon_support import Hark, wait_for
from hostile_events import TEXTS, problem_in_json, problem_on_terminal, texts_of, unsafe
from receiver_support import Alertmanager, Receiver

HARK = ""
TEMPLATE = '{"title": "{{title}}", "who": "{{actor.name}}", "text": "{{summary}}", "alert": {{alert}}, "as text": "{{alert}}", "matched": "{{matched}}"}'
HOSTILE_FILE = "a\x1b[31m\nb\u202e<x>.log"
ESCAPES = re.compile(r"\\(?:[nrt]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})")


def on_terminal(*command, environment=None):
    """What a command writes to a terminal of 120 columns."""
    master, slave = pty.openpty()
    pieces = []

    def read():
        try:
            while piece := os.read(master, 65536):
                pieces.append(piece)
        except OSError:
            pass  # the other side is closed

    reader = threading.Thread(target=read)
    reader.start()
    with subprocess.Popen([HARK, *map(str, command)], stdout=slave, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, env={**os.environ, "TERM": "xterm", **(environment or {})}) as process:
        os.close(slave)
        errors = process.stderr.read()
        process.wait(60)
    reader.join(10)
    os.close(master)
    if process.returncode not in (0, 1):
        raise AssertionError(f"{command}: {process.returncode} {errors.decode()}")
    return b"".join(pieces), errors


class HostileTest(unittest.TestCase):
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = pathlib.Path(temporary.name)
        logs = cls.folder / "logs"
        logs.mkdir()
        cls.log = logs / HOSTILE_FILE
        cls.log.write_bytes(b"".join(line + b"\n" for line in hostile_events.lines()))
        (logs / "wrapped.log").write_bytes(b"".join(line + b"\n" for line in hostile_events.wrapped_lines()))
        cls.rules = cls.folder / "anything.yml"
        cls.rules.write_text(hostile_events.RULE)
        cls.expected = len(hostile_events.events()) + len(TEXTS)
        cls.replay = ("replay", logs, "--rules", cls.rules, "--now", "2026-11-24T00:00:00Z")
        cls.start_daemon(logs)

    @classmethod
    def start_daemon(cls, logs):
        """A daemon that has delivered everything, to receivers whose answers are hostile, too."""
        hostile = {"Retry-After": "0"}
        cls.receivers = {name: Receiver() for name in ("native", "cloudevents", "template", "slack", "people")}
        cls.receivers["refuser"] = Receiver(lambda: (422, hostile), echoes="".join(list(TEXTS.values())[:14]).encode())
        for receiver in cls.receivers.values():
            cls.addClassCleanup(receiver.server_close)
            cls.addClassCleanup(receiver.shutdown)
        (cls.folder / "template.json").write_text(TEMPLATE)
        (cls.folder / "slack").write_text(cls.receivers["slack"].url)
        common = {"min_level": "informational"}
        outputs = {"stdout": {"enabled": True, "format": "table"}, "files": [{"path": str(cls.folder / "alerts.jsonl"), **common}],
                   "webhooks": [{"name": name, "url": cls.receivers[name].url, "format": name, **common} for name in ("native", "cloudevents", "template")]
                   + [{"name": "refuser", "url": cls.receivers["refuser"].url, **common}],
                   "slack": [{"name": "chat", "url_file": str(cls.folder / "slack"), "max_per_minute": 0, **common}]}
        outputs["webhooks"][2]["template_file"] = str(cls.folder / "template.json")
        cls.manager = None
        if shutil.which("prometheus-alertmanager"):
            cls.manager = Alertmanager(cls.folder, cls.receivers["people"].url)
            cls.manager.start()
            cls.addClassCleanup(cls.manager.stop)
            outputs["alertmanagers"] = [{"name": "am", "urls": [cls.manager.url], **common}]
        cls.daemon = Hark(HARK, cls.folder, [{"path": str(logs), "from_start": True}],
                          {"snapshot": {"interval": "1s"}, "rules": {"paths": [str(cls.rules)]}, "outputs": outputs, "log": {"level": "debug", "format": "text"}})
        with open(cls.folder / "table", "wb") as table:
            cls.daemon.start(stdout=table)
        cls.addClassCleanup(cls.daemon.kill)
        wait_for(lambda: cls.daemon.status()["detector"]["revisions"] >= cls.expected, "all alerts")
        wait_for(lambda: all(output["queue_length"] == 0 for output in cls.daemon.status()["outputs"]), "all delivered")

    def check_json(self, data, what):
        self.assertEqual(problem_in_json(data), "", what)

    def check_terminal(self, data, what, colours=False):
        self.assertEqual(problem_on_terminal(data, colours), "", what)

    def command(self, *command):
        done = subprocess.run([HARK, *map(str, command), "--data-dir", self.daemon.data_dir], capture_output=True)
        self.check_terminal(done.stderr, command)
        return done.stdout

    def test_the_checks_find_every_text_that_is_not_escaped(self):
        for kind, text in TEXTS.items():
            if kind not in ("forged", "html", "slack", "json", "template", "metric", "log", "long", "long markup", "long wide"):
                self.assertTrue(unsafe(text), kind)
                self.assertTrue(problem_on_terminal(text.encode()) or problem_in_json(text.encode()), kind)
        self.assertTrue(problem_on_terminal(TEXTS["long"].encode()))
        self.assertTrue(problem_in_json(json.dumps(TEXTS["html"]).encode()))

    def test_on_a_terminal(self):
        for colours in (True, False):
            shown, errors = on_terminal(*self.replay, environment={} if colours else {"NO_COLOR": "1"})
            self.check_terminal(shown, "replay", colours)
            self.check_terminal(errors, "standard error")
            self.assertGreater(shown.count(b"\n"), self.expected)
            for kind in TEXTS:
                self.assertIn(kind.encode(), shown)
        self.check_terminal((self.folder / "table").read_bytes(), "hark run")
        directory = ("--data-dir", self.daemon.data_dir)
        listed, _ = on_terminal("alerts", "list", "--limit", "1000", *directory)
        self.check_terminal(listed, "alerts list", True)
        self.assertGreater(listed.count(b"\n"), self.expected)
        for alert in self.alerts():
            self.check_terminal(on_terminal("alerts", "show", alert["id"], *directory, environment={"NO_COLOR": "1"})[0], "alerts show")
        self.check_json(self.command("dlq", "show", "1"), "dlq show")
        for command in (("status",), ("dlq", "list", "--limit", "1000")):
            self.check_terminal(on_terminal(*command, *directory, environment={"NO_COLOR": "1"})[0], command)

    def alerts(self):
        """One of each kind of text."""
        alerts = [json.loads(line) for line in self.command("alerts", "export").splitlines()]
        return {next((kind for kind in TEXTS if f"{kind}:" in json.dumps(alert)), ""): alert for alert in alerts}.values()

    def test_in_lines_of_json(self):
        replayed = subprocess.run([HARK, *map(str, self.replay), "--output", "jsonl"], capture_output=True, check=True).stdout
        for what, text in (("replay", replayed), ("file", (self.folder / "alerts.jsonl").read_bytes()), ("export", self.command("alerts", "export"))):
            lines = text.splitlines()
            self.assertGreaterEqual(len(lines), self.expected, what)
            for line in lines:
                self.check_json(line, what)

    def test_at_webhooks(self):
        for name in ("native", "cloudevents", "template", "slack"):
            accepted = self.receivers[name].accepted
            self.assertGreaterEqual(len(accepted), self.expected, name)
            for _, path, headers, body in accepted:
                self.check_json(body, name)
                self.assertIsNone(unsafe(path + "".join(headers.values())))
        for *_, body in self.receivers["template"].accepted:
            document = json.loads(body)
            self.assertEqual(set(document), set(json.loads(TEMPLATE.replace("{{alert}},", "0,"))))
            self.assertEqual(document["who"], document["alert"]["actor"]["name"])
            self.assertEqual(json.loads(document["as text"]), document["alert"])
        for *_, body in self.receivers["cloudevents"].accepted:
            self.assertRegex(json.loads(body)["source"], r"^/clusters/[A-Za-z0-9._~%-]*/hark$")

    def test_at_slack(self):
        for *_, body in self.receivers["slack"].accepted:
            document = json.loads(body)
            self.assertEqual([document["mrkdwn"], document["unfurl_links"], document["unfurl_media"]], [False] * 3)
            for text in texts_of(document):
                self.assertIsNone(re.search(r"[<>]|&(?!amp;|lt;|gt;)", text), text[:200])
                self.assertLessEqual(len(text), 3_100)
                self.assertIsNone(unsafe(text))
            self.assertNotIn("mrkdwn", {value.get("type") for block in document["blocks"] for value in block.values() if isinstance(value, dict)})

    @unittest.skipUnless(shutil.which("prometheus-alertmanager"), "no prometheus-alertmanager")
    def test_at_alertmanager(self):
        wait_for(lambda: len(self.manager.alerts()) >= self.expected - 1, "all alerts")
        query = ["amtool", "alert", "query", f"--alertmanager.url={self.manager.url}", "-o"]
        alerts = json.loads(subprocess.run([*query, "json"], capture_output=True, check=True).stdout)
        names = {"alertname", "rule", "level", "cluster", "auditID", "actor_name", "source_ip", "objectRef_name", "objectRef_namespace", "userAgent", "verb"}
        for alert in alerts:
            self.assertLessEqual(set(alert["labels"]), names)
            for name, value in {**alert["labels"], **alert["annotations"]}.items():
                self.assertIsNone(unsafe(value), name)
                self.assertNotIn("\n", value)
                self.assertLessEqual(len(ESCAPES.sub("x", value)), 1_024, name)
        shown = subprocess.run([*query, "extended"], capture_output=True, check=True).stdout.decode()
        self.assertIsNone(unsafe(shown))

    def test_in_the_log(self):
        lines = self.daemon.log_path.read_bytes().splitlines(keepends=True)
        self.assertGreater(len(lines), 2)
        for line in lines:
            self.check_terminal(line, "log")
            self.assertRegex(line.decode(), r"^\d{4}-\d\d-\d\dT[0-9:.]+Z (debug|info|warning|error) +[a-z_]+: .*\n$")
        folder = self.folder / "json"
        folder.mkdir()
        other = Hark(HARK, folder, [{"path": str(self.log.parent), "from_start": True}], {"rules": {"paths": [str(self.rules)]}, "log": {"level": "debug", "format": "json"}})
        os.chmod(self.log, 0)
        other.start()
        self.addCleanup(other.kill)
        wait_for(lambda: other.events_read() >= len(TEXTS), "events")
        for line in other.log_path.read_bytes().splitlines():
            self.check_json(line, "log")
            self.assertLessEqual(len(line), 8_192)

    def test_in_metrics(self):
        text = self.daemon.get("/metrics")[1]
        self.assertIsNone(unsafe(text))
        for line in text.splitlines():
            self.assertRegex(line, r'^(# (HELP|TYPE) .*|[a-z_:]+(\{([a-z_]+="([^"\\]|\\[n"\\])*",?)*\})? [0-9.e+-]+|.* [+-]?(Inf|NaN))$')
            self.assertLessEqual(len(line), 2_048)
        self.assertEqual([line for line in text.splitlines() if "owned" in line], [])

    def test_in_answers_of_the_api(self):
        quoted = [urllib.parse.quote(text[:1_000], safe="") for text in TEXTS.values()]
        targets = ["/api/v1/status", "/api/v1/alerts?limit=1000", "/api/v1/dead-letters?limit=1000", "/api/v1/dead-letters/1"]
        targets += [f"/api/v1/alerts?actor={text}" for text in quoted] + [f"/api/v1/alerts?{text}=1" for text in quoted] + [f"/api/v1/alerts?level={text}" for text in quoted]
        targets += [f"/api/v1/alerts/{text}" for text in quoted] + [f"/api/v1/dead-letters/{text}" for text in quoted] + [f"/{text}" for text in quoted]
        for target in targets:
            status, text = self.daemon.get(target)
            self.assertEqual(problem_in_json(text.encode(), longest=100 * hostile_events.MEBIBYTE), "", f"{target}: {status}")

    def test_in_a_silence_that_somebody_adds(self):
        for text in TEXTS.values():
            if "\0" not in text and len(text) < 1_000:
                subprocess.run([HARK, "silence", "add", "actor=" + json.dumps(text), "--until", "1h", "--reason", text, "--author", text, "--data-dir", self.daemon.data_dir],
                               capture_output=True, check=True)
        self.check_terminal(on_terminal("silence", "list", "--data-dir", self.daemon.data_dir, environment={"NO_COLOR": "1"})[0], "silence list")
        self.check_json(self.daemon.get("/api/v1/silences")[1].encode(), "silences")


if __name__ == "__main__":
    HARK = sys.argv.pop(1)
    unittest.main()
