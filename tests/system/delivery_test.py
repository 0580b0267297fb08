#!/usr/bin/env python3
"""`hark run` and receivers that fail: a webhook by script, while hark is killed; Alertmanagers that go and come back; a receiver that has enough.

HARK_SYSTEM_SCALE: 1 for every change, 10 for the nightly run. What needs Alertmanager is skipped where it is not installed.

usage: delivery_test.py HARK [unittest arguments]
"""

import base64
import hashlib
import hmac
import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

from daemon_support import Hark, SCALE, recorded_lines, replayed, wait_for
from receiver_support import Alertmanager, Receiver, free_ports

try:
    import standardwebhooks  # from PyPI: an independent implementation, where somebody has installed it
except ImportError:
    standardwebhooks = None

HARK = ""
LINES = recorded_lines()
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


class DeliveryTest(unittest.TestCase):
    maxDiff = 2000

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.log = self.folder / "audit.log"
        self.log.touch()
        self.processes = []
        self.addCleanup(self.kill_all)

    def kill_all(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()

    def receiver(self, *arguments):
        receiver = Receiver(*arguments)
        self.addCleanup(receiver.server_close)
        self.addCleanup(receiver.shutdown)
        return receiver

    def make(self, **outputs):
        daemon = Hark(HARK, self.folder, [{"path": str(self.log), "from_start": True}],
                      {"snapshot": {"interval": "1s"}, "outputs": {"stdout": {"enabled": False}, **outputs}})
        start = daemon.start

        def start_and_note(*arguments, **options):
            start(*arguments, **options)
            self.processes.append(daemon.process)
            return daemon
        daemon.start = start_and_note
        return daemon

    def webhook(self, url, **settings):
        secret = self.folder / "secret"
        secret.write_text(SECRET + "\n")
        return {"name": "soc", "url": url, "min_level": "informational", "secret_files": [str(secret)], "timeout": "1s", **settings}

    def expected(self, lines):
        """(id, n) of every revision that a replay of the lines makes."""
        whole = self.folder / "whole.log"
        whole.write_bytes(b"".join(lines))
        alerts = [json.loads(text) for text in replayed(HARK, whole).values()]
        self.assertGreater(len(alerts), 10)
        return {(alert["id"], n) for alert in alerts for n in range(1, alert["n"] + 1)}

    def check_webhooks(self, receiver, expected):
        ids = {}
        order = []
        for _, headers, body in receiver.accepted:
            self.check_signature(headers, body)
            alert = json.loads(body)["data"]
            key = (alert["id"], alert["n"])
            self.assertEqual(ids.setdefault(key, headers["webhook-id"]), headers["webhook-id"])
            order.append(key)
        self.assertEqual(len(set(ids.values())), len(ids))
        self.assertEqual(set(order), expected)
        first = list(dict.fromkeys(order))
        by_alert = {}
        for alert_id, n in first:
            by_alert.setdefault(alert_id, []).append(n)
        for numbers in by_alert.values():
            self.assertEqual(numbers, sorted(numbers))

    def check_signature(self, headers, body):
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        mac = base64.b64encode(hmac.new(bytes(range(32)), signed, hashlib.sha256).digest()).decode()
        self.assertEqual(headers["webhook-signature"], "v1," + mac)
        if standardwebhooks is not None:
            standardwebhooks.Webhook(SECRET).verify(body, headers)


class WebhookTest(DeliveryTest):
    def test_every_revision_arrives_whatever_the_receiver_does_and_however_often_hark_is_killed(self):
        chance = random.Random(7)
        answers = [(200, {})] * 6 + [(500, {}), (503, {}), (429, {"Retry-After": "1"}), ("reset", {}), ("half", {}), ("hang", {})]
        receiver = self.receiver(lambda: chance.choice(answers))
        daemon = self.make(webhooks=[self.webhook(receiver.url, concurrency=8)]).start()
        kills = 5 * SCALE
        step = len(LINES) // (kills + 1) + 1
        for begin in range(0, len(LINES), step):
            with open(self.log, "ab") as log:
                log.write(b"".join(LINES[begin:begin + step]))
            time.sleep(chance.uniform(0.2, 1.5))
            daemon.kill()
            daemon.start(wait=chance.random() < 0.7)
        daemon.kill()
        self.assertGreater(receiver.failures, 5)
        receiver.answer = lambda: (204, {})
        daemon.drain()
        self.check_webhooks(receiver, self.expected(LINES))

    def test_a_receiver_that_wants_no_more_is_left_alone_until_a_reload(self):
        receiver = self.receiver(lambda: (410, {}))
        daemon = self.make(webhooks=[self.webhook(receiver.url)]).start()
        self.log.write_bytes(b"".join(LINES))
        wait_for(lambda: daemon.status()["outputs"][0]["state"] == "stopped", "stopped")
        self.assertEqual(daemon.metric('hark_output_stopped{output="soc"}'), 1)
        self.assertTrue(daemon.messages("output_stopped"))
        receiver.answer = lambda: (200, {})
        time.sleep(0.5)
        self.assertEqual(receiver.accepted, [])
        self.assertEqual(daemon.get("/-/reload", "POST")[0], 200)
        wait_for(lambda: receiver.accepted, "anything delivered")
        self.assertEqual(daemon.stop(), 0)

    def test_what_is_refused_is_replayed_by_hand(self):
        receiver = self.receiver(lambda: (422, {}))
        daemon = self.make(webhooks=[self.webhook(receiver.url)]).start()
        self.log.write_bytes(b"".join(LINES))
        letters = wait_for(lambda: self.settled(daemon), "all refused")
        self.assertEqual(daemon.metric('hark_deliveries_total{output="soc",result="rejected"}'), letters)
        receiver.answer = lambda: (200, {})
        done = subprocess.run([HARK, "dlq", "replay", "--all", "--data-dir", daemon.data_dir], capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout, f"{letters} dead letters are tried again\n")
        wait_for(lambda: len(receiver.accepted) == letters, "all replayed")
        listed = wait_for(lambda: subprocess.run([HARK, "dlq", "list", "--data-dir", daemon.data_dir], capture_output=True, text=True,
                                                 check=True).stdout == "no dead letters\n", "none left")
        self.assertTrue(listed)

    def settled(self, daemon):
        """The number of dead letters, once there are some and no more come."""
        before = daemon.status()["outputs"][0]
        time.sleep(1)
        after = daemon.status()["outputs"][0]
        letters = after["revisions"]["rejected"]
        return letters if letters > 0 and before["revisions"] == after["revisions"] and after["queue_length"] == 0 else 0

    def test_what_is_silenced_is_stored_and_not_delivered(self):
        receiver = self.receiver()
        daemon = self.make(webhooks=[self.webhook(receiver.url)]).start()
        subprocess.run([HARK, "silence", "add", "level=~\"low|medium|high|critical|informational\",cluster=default", "--until", "1h",
                        "--reason", "a test", "--author", "nobody", "--data-dir", daemon.data_dir], check=True, capture_output=True)
        self.log.write_bytes(b"".join(LINES))
        wait_for(lambda: (daemon.metric('hark_deliveries_total{output="soc",result="silenced"}') or 0) > 10, "silenced")
        self.assertEqual(receiver.accepted, [])
        self.assertGreater(len(daemon.exported()), 5)

    def test_a_slow_output_delays_no_other(self):
        slow = self.receiver(lambda: ("hang", {}))
        fast = self.receiver()
        daemon = self.make(webhooks=[self.webhook(slow.url, name="slow", concurrency=1), self.webhook(fast.url)])
        self.log.write_bytes(b"".join(LINES))
        daemon.start()
        wait_for(lambda: len(fast.accepted) > 20, "delivered", 20)
        self.assertEqual(slow.accepted, [])


@unittest.skipUnless(shutil.which("prometheus-alertmanager"), "no prometheus-alertmanager")
class AlertmanagerTest(DeliveryTest):
    """Two real replicas, which tell a webhook of ours what they would tell people."""

    def setUp(self):
        super().setUp()
        self.people = self.receiver()
        ports = free_ports(4)
        self.managers = [Alertmanager(self.folder, self.people.url, f"am{index}", ports[2 * index:2 * index + 2], ports[3 - 2 * index])
                         for index in (0, 1)]

    def start_manager(self, index):
        self.processes.append(self.managers[index].start())

    def alerts(self, index):
        return self.managers[index].alerts()

    def told(self):
        """The labels of all that people were told is firing."""
        return {frozenset(alert["labels"].items()) for _, _, body in list(self.people.accepted)
                for alert in json.loads(body)["alerts"] if alert["status"] == "firing"}

    def labels_of(self, alert):
        labels = {"alertname": alert["title"], "rule": alert["rule"].get("name", alert["rule"]["id"]), "level": alert["level"],
                  "cluster": alert["cluster"]}
        labels.update({key.replace(".", "_"): value for key, value in alert.get("group", {}).items()})
        return frozenset((key, value) for key, value in labels.items() if value)

    def test_both_replicas_know_every_alert_also_one_that_was_away_and_people_hear_of_each(self):
        self.start_manager(0)
        self.start_manager(1)
        urls = [manager.url for manager in self.managers]
        daemon = self.make(alertmanagers=[{"name": "am", "urls": urls, "min_level": "informational", "resend": "2s"}]).start()
        half = len(LINES) // 2
        with open(self.log, "ab") as log:
            log.write(b"".join(LINES[:half]))
        wait_for(lambda: self.alerts(0) and self.alerts(0) == self.alerts(1), "the same alerts at both")
        self.managers[1].stop()
        with open(self.log, "ab") as log:
            log.write(b"".join(LINES[half:]))
        wait_for(lambda: daemon.status()["outputs"][0]["queue_length"] == 0 and daemon.events_read() > half, "one served")
        wait_for(lambda: daemon.status()["outputs"][1]["state"] == "failing", "the other failing")
        self.start_manager(1)
        wait_for(lambda: daemon.status()["outputs"][1]["queue_length"] == 0, "all told to the one that was away")
        raised = {self.labels_of(json.loads(text)) for text in daemon.exported().values()}
        self.assertGreater(len(raised), 10)
        for index in (0, 1):
            wait_for(lambda: (self.alerts(index) or set()) >= raised, f"all alerts at replica {index}")
        # Also of the episodes that had closed before a replica was told.
        wait_for(lambda: self.told() >= raised, "people told of each")
        queried = subprocess.run(["amtool", "alert", "query", f"--alertmanager.url={urls[1]}", "-o", "json"], capture_output=True, check=True)
        self.assertGreaterEqual({frozenset(alert["labels"].items()) for alert in json.loads(queried.stdout)}, raised)
        self.assertEqual(daemon.stop(), 0)


if __name__ == "__main__":
    HARK = sys.argv.pop(1)
    unittest.main()
