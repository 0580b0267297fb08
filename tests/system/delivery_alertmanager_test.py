#!/usr/bin/env python3
"""`hark run` and two real replicas of Alertmanager, which tell a webhook of ours what they would tell people.

usage: delivery_alertmanager_test.py HARK [unittest arguments]
"""

import json
import shutil
import socket
import subprocess
import unittest
import urllib.request

from daemon_support import recorded_lines, wait_for
from delivery_support import DeliveryTest, ShiftedClock, main

MINUTE = 60


@unittest.skipUnless(shutil.which("prometheus-alertmanager"), "no prometheus-alertmanager")
class AlertmanagerTest(DeliveryTest):
    def setUp(self):
        super().setUp()
        self.people = self.receiver()
        config = self.folder / "alertmanager.yml"
        config.write_text(f"""
route: {{receiver: people, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}
receivers: [{{name: people, webhook_configs: [{{url: '{self.people.url}', send_resolved: true}}]}}]
""")
        self.ports = self.free_ports(4)
        self.urls = [f"http://127.0.0.1:{port}" for port in self.ports[:2]]
        self.managers = [None, None]

    def free_ports(self, number):
        sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
        ports = [each.getsockname()[1] for each in sockets]
        for each in sockets:
            each.close()
        return ports

    def start_manager(self, index):
        self.managers[index] = subprocess.Popen(
            ["prometheus-alertmanager", f"--config.file={self.folder}/alertmanager.yml", f"--storage.path={self.folder}/am{index}",
             f"--web.listen-address=127.0.0.1:{self.ports[index]}", f"--cluster.listen-address=127.0.0.1:{self.ports[2 + index]}",
             f"--cluster.peer=127.0.0.1:{self.ports[3 - index]}", "--cluster.settle-timeout=1s", "--cluster.peer-timeout=1s"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.processes.append(self.managers[index])
        wait_for(lambda: self.alerts(index) is not None, "Alertmanager")

    def stop_manager(self, index):
        self.managers[index].kill()
        self.managers[index].wait()

    def start_hark(self, environment=None, own_rule=False):
        outputs = [{"name": "am", "urls": self.urls, "min_level": "informational", "resend": "2s"}]
        return self.make(environment, own_rule=own_rule, alertmanagers=outputs).start()

    def alerts(self, index):
        """The labels of all that a replica knows; None if it does not answer."""
        try:
            with urllib.request.urlopen(f"{self.urls[index]}/api/v2/alerts", timeout=10) as answer:
                return {frozenset(alert["labels"].items()) for alert in json.load(answer)}
        except OSError:
            return None

    def shown(self, index):
        """What amtool shows of a replica: the revisions of alerts, by actors."""
        done = subprocess.run(["amtool", "alert", "query", f"--alertmanager.url={self.urls[index]}", "-o", "json"], capture_output=True, check=True)
        return {alert["labels"]["actor_name"]: alert["annotations"]["revision"] for alert in json.loads(done.stdout)}

    def wait_until_shown(self, *indices, **revisions):
        for index in indices:
            wait_for(lambda: self.shown(index) == revisions, f"{revisions} at replica {index}")

    def told(self, status="firing"):
        """The labels of all that people were told of with that status."""
        return {frozenset(alert["labels"].items()) for *_, body in list(self.people.accepted)
                for alert in json.loads(body)["alerts"] if alert["status"] == status}

    def wait_until_told(self, status, *actors):
        wait_for(lambda: {dict(labels)["actor_name"] for labels in self.told(status)} == set(actors), f"told that {actors} are {status}")

    def labels_of(self, alert):
        labels = {"alertname": alert["title"], "rule": alert["rule"].get("name", alert["rule"]["id"]), "level": alert["level"],
                  "cluster": alert["cluster"]}
        labels.update({key.replace(".", "_"): value for key, value in alert.get("group", {}).items()})
        return frozenset((key, value) for key, value in labels.items() if value)

    def test_both_replicas_know_every_alert_also_one_that_was_away_and_people_hear_of_each(self):
        self.start_manager(0)
        self.start_manager(1)
        daemon = self.start_hark()
        lines = recorded_lines()
        half = len(lines) // 2
        self.write(*lines[:half])
        wait_for(lambda: self.alerts(0) and self.alerts(0) == self.alerts(1), "the same alerts at both")
        self.stop_manager(1)
        self.write(*lines[half:])
        wait_for(lambda: self.output(daemon)["queue_length"] == 0 and daemon.events_read() > half, "one served")
        wait_for(lambda: self.output(daemon, 1)["state"] == "failing", "the other failing")
        self.start_manager(1)
        wait_for(lambda: self.output(daemon, 1)["queue_length"] == 0, "all told to the one that was away")
        raised = {self.labels_of(json.loads(text)) for text in daemon.exported().values()}
        self.assertGreater(len(raised), 10)
        for index in (0, 1):
            wait_for(lambda: (self.alerts(index) or set()) >= raised, f"all alerts at replica {index}")
        # Also of the episodes that had closed before a replica was told.
        wait_for(lambda: self.told() >= raised, "people told of each")
        self.assertEqual(daemon.stop(), 0)

    @unittest.skipUnless(ShiftedClock.LIBRARY, "no HARK_CLOCK_LIBRARY")
    def test_alerts_fire_change_and_resolve_as_amtool_shows_also_those_of_an_outage(self):
        self.start_manager(0)
        self.start_manager(1)
        daemon = self.start_hark(self.clock.environment(), own_rule=True)
        begin = self.clock.now() - 120 * MINUTE
        self.read_secrets("first", at=begin)
        self.wait_until_shown(0, 1, first="1")
        self.read_secrets("first", at=begin + MINUTE)  # for the second time: the alert escalates
        self.wait_until_shown(0, 1, first="2")
        self.wait_until_told("firing", "first")
        self.stop_manager(1)
        self.read_secrets("second", at=begin + 20 * MINUTE)  # and the first alert closes
        self.wait_until_shown(0, first="3", second="1")
        self.hurry(daemon, 6 * MINUTE)  # Alertmanager hears of no end before it has known the alert for 5 minutes
        self.wait_until_shown(0, second="1")
        self.wait_until_told("resolved", "first")
        self.start_manager(1)
        self.hurry(daemon)
        self.wait_until_shown(0, 1, second="1")
        self.stop_manager(0)
        self.stop_manager(1)
        self.read_secrets("third", at=begin + 40 * MINUTE)
        self.move_watermark(begin + 60 * MINUTE)
        wait_for(lambda: sum(b'"state":"closed"' in text for text in daemon.exported().values()) == 3, "all closed while nobody was there")
        self.start_manager(0)
        self.start_manager(1)
        self.hurry(daemon)
        self.wait_until_shown(0, third="2")
        self.wait_until_shown(1, second="2", third="2")  # it has not known the second one for 5 minutes
        self.wait_until_told("firing", "first", "second", "third")
        self.hurry(daemon, 6 * MINUTE)
        self.wait_until_shown(0, 1)
        self.wait_until_told("resolved", "first", "second", "third")
        self.assertEqual(daemon.stop(), 0)


if __name__ == "__main__":
    main()
