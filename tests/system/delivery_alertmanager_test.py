#!/usr/bin/env python3
"""`hark run` and two real replicas of Alertmanager, which tell a webhook of ours what they would tell people.

usage: delivery_alertmanager_test.py HARK [unittest arguments]
"""

import json
import shutil
import subprocess
import unittest

from daemon_support import recorded_lines, wait_for
from delivery_support import DeliveryTest, ShiftedClock, main
from receiver_support import Alertmanager, free_ports

MINUTE = 60


@unittest.skipUnless(shutil.which("prometheus-alertmanager"), "no prometheus-alertmanager")
class AlertmanagerTest(DeliveryTest):
    def setUp(self):
        super().setUp()
        self.people = self.receiver()
        ports = free_ports(4)
        self.managers = [Alertmanager(self.folder, self.people.url, f"am{index}", ports[index::2], peer=ports[3 - index]) for index in (0, 1)]

    def start_manager(self, index):
        self.processes.append(self.managers[index].start())

    def start_hark(self, environment=None, own_rule=False):
        outputs = [{"name": "am", "urls": [manager.url for manager in self.managers], "min_level": "informational", "resend": "2s"}]
        return self.make(environment, own_rule=own_rule, alertmanagers=outputs).start()

    def shown(self, index):
        """What amtool shows of a replica: the revisions of alerts, by actors."""
        done = subprocess.run(["amtool", "alert", "query", f"--alertmanager.url={self.managers[index].url}", "-o", "json"], capture_output=True, check=True)
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
        wait_for(lambda: self.managers[0].alerts() and self.managers[0].alerts() == self.managers[1].alerts(), "the same alerts at both")
        self.managers[1].stop()
        self.write(*lines[half:])
        wait_for(lambda: self.output(daemon)["queue_length"] == 0 and daemon.events_read() > half, "one served")
        wait_for(lambda: self.output(daemon, 1)["state"] == "failing", "the other failing")
        self.start_manager(1)
        wait_for(lambda: self.output(daemon, 1)["queue_length"] == 0, "all told to the one that was away")
        raised = {self.labels_of(json.loads(text)) for text in daemon.exported().values()}
        self.assertGreater(len(raised), 10)
        for index in (0, 1):
            wait_for(lambda: (self.managers[index].alerts() or set()) >= raised, f"all alerts at replica {index}")
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
        self.managers[1].stop()
        self.read_secrets("second", at=begin + 20 * MINUTE)  # and the first alert closes
        self.wait_until_shown(0, first="3", second="1")
        self.hurry(daemon, 6 * MINUTE)  # Alertmanager hears of no end before it has known the alert for 5 minutes
        self.wait_until_shown(0, second="1")
        self.wait_until_told("resolved", "first")
        self.start_manager(1)
        self.hurry(daemon)
        self.wait_until_shown(0, 1, second="1")
        self.managers[0].stop()
        self.managers[1].stop()
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
