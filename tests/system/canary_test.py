#!/usr/bin/env python3
"""No Secret data leaves hark: events whose hidden places hold marks (canary_events.py) go through every command, output, format and file; then every byte that left hark, or lies on its disk
after a kill, is searched for them. A control shows that the search finds what is there: what hark does show, a user's name and a file's, is found in each of these places.

usage: canary_test.py HARK [unittest arguments]
"""

import base64
import gzip
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import canary_events
from canary_events import CONFIGURED, FIELDS, HIDDEN, SHOWN, Marks, find_stem, find_stems
from daemon_support import Hark, wait_for
from receiver_support import Receiver

HARK = ""
TEMPLATE = """{"title": "{{title}}", "text": "{{actor.name}}: {{summary}}", "uri": "{{request.uri}}", "matched": {{matched}}, "text of it": "{{matched}}",
 "objects": "{{objects}} {{objects.names}}", "group": "{{group}}", "evidence": {{evidence}}, "all": {{alert}}, "all as text": "{{alert}}", "id": "{{webhook_id}}"}"""
ENDPOINTS = ["/livez", "/readyz?verbose", "/metrics", "/version", "/api/v1/status", "/api/v1/alerts?limit=1000&count=true", "/api/v1/silences?all=true",
             "/api/v1/dead-letters?limit=1000", "/api/v1/alerts?level=nonsense", "/api/v1/alerts/0", "/api/v1/silences?x=1", "/api/v1/dead-letters/999999", "/nothing", "/%zz"]
# What hark says there is about itself only.
WITHOUT_CONTROL = {"replay --output none", "API /livez", "API /readyz", "API /version", "API /api/v1/alerts/0", "API /nothing", "API /%zz", "API /-/reload", "dlq replay",
                   "API /api/v1/dead-letters/999999", "silence add", "standard error of commands", "data_dir/rules", "data_dir/lock"}


class Channels:
    """What left hark, by the way it went. A way may be taken several times."""

    def __init__(self):
        self.bytes = {}

    def add(self, name, data):
        self.bytes.setdefault(name, []).append(data if isinstance(data, bytes) else data.encode())

    def run(self, name, *command, codes=(0,)):
        """A command; its standard output."""
        done = subprocess.run([HARK, *map(str, command)], capture_output=True, timeout=60)
        if done.returncode not in codes:
            raise AssertionError(f"{command}: {done.returncode}\n{done.stderr.decode()}")
        self.add(name, done.stdout)
        self.add("standard error of commands", done.stderr)
        return done.stdout

    def search(self):
        self.found = {name: [find_stems(piece, [HIDDEN, CONFIGURED, SHOWN]) for piece in pieces] for name, pieces in self.bytes.items()}

    def with_stem(self, stem, places=()):
        """The channels that hold it: the places whose marks these are, or what stands around one that is not whole."""
        found = {}
        for name, pieces in self.found.items():
            for hit in (hit for hits in pieces for hit in hits.get(stem, [])):
                number = re.search(stem.lower() + r"(\d{5})z", hit.decode("latin-1").lower())
                found.setdefault(name, set()).add(places[int(number[1])] if number and places else hit)
        return found


class Scene:
    """The log, the rules, where alerts go to, and all that came of it."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder) / SHOWN  # so that whoever names a file shows the control
        self.folder.mkdir()
        self.marks = Marks()
        self.secrets = Marks(CONFIGURED)
        self.log = self.folder / f"{SHOWN}.log"
        self.log.write_text("".join(line + "\n" for line in canary_events.lines_with_marks(self.marks)))
        (self.folder / "canaries.yml").write_text(canary_events.rules())
        self.channels = Channels()
        self.alerts = []
        self.receivers = {name: Receiver() for name in ("native", "cloudevents", "template", "slack", "alertmanager")}
        self.receivers["refuser"] = Receiver(lambda: (422, {}), echoes=True)
        self.daemons = []

    def close(self):
        for receiver in self.receivers.values():
            receiver.shutdown()
            receiver.server_close()
        for daemon in self.daemons:
            if daemon.process.poll() is None:
                daemon.kill()

    def replay(self):
        """Every output, by the shipped rules and by those of the canaries; damaged files; the quarantine."""
        options = ["--min-level", "informational", "--now", "2026-11-24T00:00:00Z"]
        for rules in ([], ["--rules", self.folder / "canaries.yml"]):
            for output in ("table", "jsonl", "none"):
                quarantine = self.folder / "quarantine.jsonl"
                text = self.channels.run(f"replay --output {output}", "replay", self.log, "--output", output, "--quarantine", quarantine, *options, *rules)
                self.channels.add("replay --quarantine", quarantine.read_bytes())
                if output == "jsonl":
                    self.expected = text.count(b"\n")  # by the rules of the canaries, which come last
                    self.alerts += [json.loads(line) for line in text.splitlines()]
        damaged = self.folder / f"{SHOWN}.log.zst"
        packed = subprocess.run(["zstd", "-q", "-c", self.log], check=True, capture_output=True).stdout
        damaged.write_bytes(packed[:-200] + b"damage" * 10)
        self.channels.run("replay --output table", "replay", damaged, *options, codes=(0, 4))

    def secret_file(self, name, text):
        path = self.folder / name
        path.write_text(text + "\n")
        return str(path)

    def outputs(self, stdout):
        """Every type and format of them. Their secrets hold marks, too."""
        secret = "whsec_" + base64.b64encode(self.secrets.new("webhook").encode() * 2).decode()
        common = {"min_level": "informational", "headers": [{"name": "Authorization", "value_file": self.secret_file("header", "Bearer " + self.secrets.new("header"))}]}
        signed = {**common, "secret_files": [self.secret_file("whsec", secret)]}
        (self.folder / "template.json").write_text(TEMPLATE)
        webhooks = [{**signed, "name": f"{name}-{SHOWN}", "url": self.receivers[name].url, "format": name} for name in ("native", "cloudevents")]
        webhooks.append({**signed, "name": "template", "url": self.receivers["template"].url, "format": "template", "template_file": str(self.folder / "template.json")})
        webhooks.append({**signed, "name": f"refuser-{SHOWN}", "url": self.receivers["refuser"].url})
        away = self.secret_file("away", "http://127.0.0.1:1/" + self.secrets.new("URL of a receiver that is away"))
        webhooks.append({**signed, "name": "away", "url_file": away, "max_age": "1s"})
        slack = self.secret_file("slack", f"{self.receivers['slack'].url}/{self.secrets.new('URL of Slack')}")
        return {"stdout": {"enabled": True, "format": stdout, "min_level": "informational"},
                "files": [{"path": str(self.folder / f"alerts.{stdout}"), "min_level": "informational"}], "webhooks": webhooks,
                "alertmanagers": [{**common, "name": "am", "urls": [self.receivers["alertmanager"].url], "resend": "1s"}],
                "slack": [{"name": "chat", "url_file": slack, "max_per_minute": 0, "min_level": "informational"}]}

    def run_daemon(self, log_format, stdout):
        """All that can be asked of a daemon, then a kill, and what it leaves."""
        folder = self.folder / f"run-{log_format}"
        folder.mkdir()
        config = {"snapshot": {"interval": "1s"}, "log": {"level": "debug", "format": log_format}, "rules": {"paths": [str(self.folder / "canaries.yml")]},
                  "quarantine": {"path": str(folder / "quarantine.jsonl")}, "outputs": self.outputs(stdout)}
        daemon = Hark(HARK, folder, [{"path": str(self.log), "from_start": True}], config)
        self.daemons.append(daemon)
        with open(folder / "stdout", "wb") as output:
            daemon.start(stdout=output)
        self.ask(daemon)
        daemon.kill()
        add = self.channels.add
        add(f"run: standard output, {stdout}", (folder / "stdout").read_bytes())
        add(f"run: log, {log_format}", daemon.log_path.read_bytes())
        add("run: quarantine", (folder / "quarantine.jsonl").read_bytes())
        add("run: file", (self.folder / f"alerts.{stdout}").read_bytes())
        for path in daemon.data_dir.rglob("*"):
            if path.is_file():
                add("data_dir/" + path.relative_to(daemon.data_dir).parts[0].removesuffix("-wal").removesuffix("-shm"), path.read_bytes())
        for name, receiver in self.receivers.items():
            for *_, body in receiver.arrived:
                add(f"receiver {name}", body)
        for command in ("list", "export"):
            self.channels.run(f"alerts {command}", "alerts", command, "--data-dir", daemon.data_dir)
        self.channels.run("dlq list", "dlq", "list", "--data-dir", daemon.data_dir)

    def ask(self, daemon):
        run, add = self.channels.run, self.channels.add
        directory = ("--data-dir", daemon.data_dir)
        run("silence add", "silence", "add", "actor=nobody", "--until", "1h", "--reason", "a test", "--author", SHOWN, *directory)
        def is_done(output):
            return sum(output["revisions"][result] for result in ("delivered", "rejected", "expired")) >= self.expected

        wait_for(lambda: all(map(is_done, daemon.status()["outputs"])), "all delivered, or dead letters")
        wait_for(lambda: list((daemon.data_dir / "state").iterdir()), "a snapshot")
        wait_for(lambda: len(json.loads(daemon.get("/api/v1/dead-letters?limit=1000")[1])["dead_letters"]) > 2 * len(FIELDS), "dead letters of two outputs")
        for target in ENDPOINTS:
            add("API " + target.split("?")[0], daemon.get(target)[1])
        for line in run("alerts export", "alerts", "export", *directory).splitlines()[::25]:
            alert = json.loads(line)["id"]
            run("alerts show", "alerts", "show", alert, *directory)
            add("API /api/v1/alerts/ID", daemon.get(f"/api/v1/alerts/{alert}")[1])
        letters = json.loads(run("dlq list --json", "dlq", "list", "--json", "--limit", "1000", *directory))["dead_letters"]
        for letter in letters[::50]:
            run("dlq show", "dlq", "show", letter["number"], *directory)
        run("dlq list", "dlq", "list", *directory)
        run("dlq replay", "dlq", "replay", "--all", *directory)
        run("alerts list", "alerts", "list", *directory)
        run("silence list", "silence", "list", *directory)
        run("status", "status", *directory)
        run("status --output json", "status", *directory, "--output", "json")
        run("outputs test", "outputs", "test", "--config", daemon.config_path, codes=(0, 1, 4))
        run("config show", "config", "show", "--config", daemon.config_path)
        add("API /-/reload", daemon.get("/-/reload", "POST")[1])


class CanaryTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.scene = Scene(folder.name)
        cls.addClassCleanup(cls.scene.close)
        cls.scene.replay()
        cls.scene.run_daemon("text", "table")
        cls.scene.run_daemon("json", "jsonl")
        cls.scene.channels.search()

    def test_no_hidden_value_of_an_event_is_found(self):
        self.assertEqual(self.scene.channels.with_stem(HIDDEN, self.scene.marks.places), {})

    def test_no_secret_of_the_configuration_is_found(self):
        self.assertEqual(self.scene.channels.with_stem(CONFIGURED, self.scene.secrets.places), {})

    def test_what_is_shown_is_found_wherever_hark_speaks_of_events_or_files(self):
        self.assertEqual(set(self.scene.channels.bytes) - set(self.scene.channels.with_stem(SHOWN)) - WITHOUT_CONTROL, set())

    def test_the_two_ways_to_see_hidden_values_show_them(self):
        scene = self.scene
        quarantine = scene.folder / "raw.jsonl"
        shown = subprocess.run([HARK, "replay", scene.log, "--rules", scene.folder / "canaries.yml", "--events-of", scene.alerts[-1]["id"], "--quarantine", quarantine, "--quarantine-raw"],
                               capture_output=True, check=True).stdout
        self.assertTrue(find_stem(shown, HIDDEN))
        self.assertTrue(find_stem(quarantine.read_bytes(), HIDDEN))

    def test_every_hidden_field_was_judged_and_shown_redacted(self):
        shown = {(match["field"], "<redacted:" in match["value"]) for alert in self.scene.alerts for match in alert["matched"]}
        self.assertEqual(set(FIELDS) - {field for field, _ in shown}, set())
        # Of an object as a whole only "{}" is shown, and label selectors are harmless.
        self.assertEqual(set(FIELDS) - {field for field, redacted in shown if redacted}, {"responseStatus", "uri.query.labelSelector"})

    def test_a_mark_is_found_however_it_is_written(self):
        mark = self.scene.marks.new("a test")
        raw = mark.encode()
        written = [raw, raw.upper(), raw.hex().encode(), "".join(f"%{byte:02X}" for byte in raw).encode(), "".join(f"\\u{byte:04x}" for byte in raw).encode(), gzip.compress(raw)]
        written += [base64.b64encode(b"x" * shift + raw) for shift in range(3)] + [base64.urlsafe_b64encode(b"x" * shift + raw) for shift in range(3)]
        for text in written:
            self.assertTrue(find_stem(text, HIDDEN), text)
        self.assertGreater(len(self.scene.marks.places), 300)


if __name__ == "__main__":
    HARK = sys.argv.pop(1)
    unittest.main()
