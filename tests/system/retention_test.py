#!/usr/bin/env python3
"""What `hark run` keeps and what it lets go: alerts and dead letters by age and bytes, never what is open or what an output waits for; and what becomes of what an output waits for too long.

HARK_SYSTEM_SCALE: 1 for every change, 10 for the nightly run.

usage: retention_test.py HARK [unittest arguments]
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

from daemon_support import Hark, SCALE, wait_for
from receiver_support import Receiver

HARK = ""
ALERTS = 100 * SCALE  # a revision takes some 4.5 KB, an alert two of them
RULE = """
title: Anything
id: 00000000-0000-4000-9000-00000000000{number}
name: {name}
status: test
description: An alert for each user, soon over.
author: tests
logsource: {{product: kubernetes, service: audit}}
detection:
  selection:
    user.username|startswith: '{name}-'
  condition: selection
level: {level}
hark: {{group-by: [actor.name], keep-alive: 2s}}
"""


def event(user, second):
    moment = f"2026-11-23T{10 + second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}.000000Z"
    return json.dumps({"kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "auditID": f"{user} {second}", "stage": "ResponseComplete", "verb": "get",
                       "requestURI": "/api/v1/namespaces/shop/secrets/db", "user": {"username": user, "groups": ["g" * 100] * 30}, "sourceIPs": ["192.0.2.1"],
                       "userAgent": "u" * 250, "objectRef": {"resource": "secrets", "namespace": "shop", "name": "db", "apiVersion": "v1"}, "responseStatus": {"code": 200},
                       "requestReceivedTimestamp": moment, "stageTimestamp": moment}).encode() + b"\n"


def by_user(answers):
    """A receiver's answer that depends on whom the alert is about."""
    def answer(body):
        user = json.loads(body)["data"]["actor"]["name"]
        return answers.get(user.split("-")[1], 200)
    return answer


class RetentionTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.log = self.folder / "audit.log"
        self.log.touch()
        self.rules = self.folder / "rules.yml"
        self.rules.write_text("---".join(RULE.format(number=number, name=name, level=level) for number, (name, level) in enumerate((("high", "high"), ("low", "low")))))
        self.second = 0

    def receiver(self, *arguments, **options):
        receiver = Receiver(*arguments, **options)
        self.addCleanup(receiver.server_close)
        self.addCleanup(receiver.shutdown)
        return receiver

    def make(self, alerts, *webhooks):
        settings = {"snapshot": {"interval": "1s"}, "alerts": alerts, "rules": {"paths": [str(self.rules)]},
                    "outputs": {"stdout": {"enabled": False}, "files": [{"path": str(self.folder / "alerts.jsonl")}], "webhooks": list(webhooks)}}
        daemon = Hark(HARK, self.folder, [{"path": str(self.log), "from_start": True, "lateness": "0s"}], settings)
        self.addCleanup(lambda: daemon.process.poll() is None and daemon.kill())
        return daemon

    def write(self, *users):
        """An alert for each of them; all but the last one are over."""
        with open(self.log, "ab") as log:
            for user in users:
                log.write(event(user, self.second))
                self.second += 3
            log.write(event("nobody", self.second - 2))  # what is before it is judged

    def alerts(self, number=ALERTS, kind="high-a"):
        self.write(*(f"{kind}-{self.second + i}" for i in range(number)))

    def alerts_in_parts(self, daemon, parts, already=0):
        """So that what waits for an output is never too much for it."""
        for part in range(already, already + parts):
            self.alerts()
            self.settled(daemon, 2 * ALERTS * (part + 1) - 1)

    def wait_for_room(self, condition, what):
        """The log goes on meanwhile: what the older of two snapshots does not hold stays, and where nothing comes no snapshot is made."""
        def look():
            if time.monotonic() > self.next_line:
                self.next_line = time.monotonic() + 0.5
                self.write()
            return condition()
        self.next_line = 0
        wait_for(look, what)

    def stored(self, daemon):
        return json.loads(daemon.get("/api/v1/alerts?count=true&limit=1")[1])["total"]

    def count(self, daemon, result, output="soc"):
        return int(daemon.metric(f'hark_deliveries_total{{output="{output}",result="{result}"}}'))

    def settled(self, daemon, revisions):
        """Waits until every output is done with so many, in this run. That its queue is empty may also mean that it has not looked yet."""
        final = ("delivered", "rejected", "expired", "silenced", "filtered")
        wait_for(lambda: all(sum(output["revisions"][result] for result in final) >= revisions for output in daemon.status()["outputs"]), f"{revisions} revisions done with")


class AlertsTest(RetentionTest):
    def test_closed_alerts_go_when_they_are_old_and_what_is_open_stays(self):
        daemon = self.make({"max_age": "2s"}).start()
        self.alerts()
        self.settled(daemon, 2 * ALERTS - 1)
        self.wait_for_room(lambda: self.stored(daemon) == 1, "all but the open one gone")
        self.assertEqual(next(iter(daemon.exported().values())).count(b'"state":"opened"'), 1)
        self.assertEqual(daemon.metric('hark_alerts_removed_total{reason="age"}'), ALERTS - 1)
        self.assertEqual(len(daemon.delivered()[1]), 2 * ALERTS - 1, "all of them were delivered before")
        # Neither a kill nor a new beginning makes them again.
        daemon.kill()
        daemon.start()
        self.alerts(1)
        wait_for(lambda: len(daemon.delivered()[1]) == 2 * ALERTS + 1, "what came next")
        self.assertLessEqual(self.stored(daemon), 2)
        wait_for(lambda: daemon.metric("hark_alert_store_bytes") < 400_000, "space that is free")
        self.assertEqual(daemon.stop(), 0)
        self.assertLess((daemon.data_dir / "hark.db").stat().st_size, 600_000)

    def test_beyond_the_bytes_the_oldest_go_first(self):
        limit = 20_000 * ALERTS
        daemon = self.make({"max_bytes": f"{limit}B"}).start()
        self.alerts_in_parts(daemon, 4)
        raised = daemon.delivered()[1]
        self.assertGreater(sum(map(len, raised.values())), limit)
        self.wait_for_room(lambda: self.stored(daemon) < 4 * ALERTS and 0 < daemon.metric("hark_alert_store_bytes") <= limit, "few enough bytes")
        kept = sorted(json.loads(line)["first"] for line in daemon.exported().values())
        self.assertGreater(len(kept), ALERTS // 2)
        self.assertEqual(daemon.metric('hark_alerts_removed_total{reason="bytes"}'), 4 * ALERTS - len(kept))
        self.assertEqual(kept, sorted(json.loads(line)["first"] for line in raised.values() if json.loads(line)["n"] == 1)[-len(kept):])
        self.assertTrue(daemon.messages("alerts_removed_early"))
        # The file does not grow with all that passes through it.
        self.alerts_in_parts(daemon, 4, already=4)
        self.wait_for_room(lambda: self.stored(daemon) < 5 * ALERTS and daemon.metric("hark_alert_store_bytes") <= limit, "few enough bytes again")
        time.sleep(2)  # until the space is given back
        self.assertEqual(daemon.stop(), 0)
        self.assertLess((daemon.data_dir / "hark.db").stat().st_size, 1.5 * limit)

    def test_nothing_goes_that_an_output_has_not_been_given(self):
        receiver = self.receiver(lambda: (503, {}))
        daemon = self.make({"max_age": "1s", "max_bytes": "1GiB"}, {"name": "soc", "url": receiver.url}).start()
        self.alerts()
        wait_for(lambda: receiver.failures > 1, "failures")
        wait_for(lambda: daemon.status()["detector"]["revisions"] == 2 * ALERTS - 1, "all stored")
        time.sleep(3)  # longer than alerts live, and than the pause between two looks
        self.assertEqual(self.stored(daemon), ALERTS)
        receiver.answer = lambda: (200, {})
        self.settled(daemon, 2 * ALERTS - 1)
        self.assertEqual(len({(json.loads(body)["data"]["id"], json.loads(body)["data"]["n"]) for *_, body in receiver.accepted}), 2 * ALERTS - 1)
        self.wait_for_room(lambda: self.stored(daemon) == 1, "all but the open one gone")

    def test_a_reload_changes_the_limits(self):
        daemon = self.make({"max_age": "1h"}).start()
        self.alerts(20)
        self.settled(daemon, 39)
        daemon.config["alerts"] = {"max_age": "1s"}
        daemon.write_config()
        self.assertEqual(daemon.get("/-/reload", "POST")[0], 200)
        self.wait_for_room(lambda: self.stored(daemon) == 1, "all but the open one gone")


class ExpiryTest(RetentionTest):
    def test_once_drained_the_results_sum_up_to_the_revisions(self):
        receiver = self.receiver(by_body=by_user({"refused": 422, "late": 503}))
        daemon = self.make({}, {"name": "soc", "url": receiver.url, "min_level": "high", "max_age": "3s", "concurrency": 16}).start()
        subprocess.run([HARK, "silence", "add", 'actor=~"high-silent-.*"', "--until", "1h", "--reason", "test", "--author", "test", "--data-dir", daemon.data_dir],
                       check=True, capture_output=True)
        kinds = ("high-a", "high-refused", "high-late", "high-silent", "low-a")
        self.write(*(f"{kind}-{i}" for i in range(20) for kind in kinds), "low-last")
        self.settled(daemon, 201)
        results = {result: self.count(daemon, result) for result in ("delivered", "rejected", "expired", "silenced", "filtered")}
        self.assertEqual(sum(results.values()), 201, results)
        # A receiver that fails gets one request at a time: some of what it would have taken, or would have been silenced, is too old by then.
        self.assertGreaterEqual(results["expired"], 40, results)
        for result, most in (("delivered", 40), ("rejected", 40), ("silenced", 40)):
            self.assertIn(results[result], range(1, most + 1), results)
        self.assertEqual(results["filtered"], 41)
        def list_letters():
            return json.loads(daemon.get("/api/v1/dead-letters?limit=1000")[1])["dead_letters"]
        # They are counted when they are decided on, and stored some at a time.
        wait_for(lambda: len(list_letters()) >= results["rejected"] + results["expired"], "stored dead letters")
        letters = list_letters()
        self.assertEqual(len(letters), results["rejected"] + results["expired"])
        self.assertEqual(sum("not delivered within 3s" in letter["reason"] for letter in letters), results["expired"])
        wait_for(lambda: daemon.metric('hark_dead_letters{output="soc"}') == len(letters), "dead letters counted")
        self.assertEqual(len(receiver.accepted), results["delivered"])

    def test_beyond_the_bytes_of_an_output_the_oldest_that_wait_are_dead_letters(self):
        receiver = self.receiver(lambda: (503, {}))
        daemon = self.make({}, {"name": "soc", "url": receiver.url, "max_bytes": f"{20_000 * ALERTS}B"}).start()
        self.alerts(4 * ALERTS)
        revisions = 8 * ALERTS - 1
        wait_for(lambda: len(daemon.delivered()[1]) == revisions, "all stored")

        def waiting():
            return next(output for output in daemon.status()["outputs"] if output["name"] == "soc")["queue_length"]

        wait_for(lambda: self.count(daemon, "expired") + waiting() == revisions and waiting() < revisions * 3 // 4, "the oldest expired")
        expired = self.count(daemon, "expired")
        letters = json.loads(daemon.get("/api/v1/dead-letters?limit=1000")[1])["dead_letters"]
        self.assertIn(" wait", letters[0]["reason"])
        receiver.answer = lambda: (200, {})
        self.settled(daemon, revisions)
        self.assertEqual(self.count(daemon, "delivered") + self.count(daemon, "expired"), revisions)
        self.assertGreaterEqual(self.count(daemon, "expired"), expired)

    def test_a_file_that_cannot_be_written_does_not_fill_the_store(self):
        full = self.folder / "full.jsonl"
        full.symlink_to("/dev/full")
        limit = 20_000 * ALERTS
        daemon = self.make({"max_bytes": f"{limit}B"})
        daemon.config["outputs"]["files"].append({"path": str(full)})
        daemon.write_config()
        daemon.start()
        for part in range(4):
            self.alerts()
            wait_for(lambda: len(daemon.delivered()[1]) == 2 * ALERTS * (part + 1) - 1, "written to the other file")
        wait_for(lambda: self.count(daemon, "expired", f"file:{full}") > ALERTS, "the oldest expired")
        self.wait_for_room(lambda: self.stored(daemon) < 4 * ALERTS and 0 < daemon.metric("hark_alert_store_bytes") <= limit, "few enough bytes")


class DeadLettersTest(RetentionTest):
    def refuse(self, alerts):
        receiver = self.receiver(lambda: (422, {}))
        daemon = self.make(alerts, {"name": "soc", "url": receiver.url}).start()
        self.alerts()
        self.settled(daemon, 2 * ALERTS - 1)
        self.assertEqual(self.count(daemon, "rejected") + self.count(daemon, "expired"), 2 * ALERTS - 1)
        return receiver, daemon

    def kept(self, daemon):
        numbers = []
        while True:
            page = json.loads(daemon.get(f"/api/v1/dead-letters?limit=1000&after={numbers[-1] if numbers else 0}")[1])
            numbers += [letter["number"] for letter in page["dead_letters"]]
            if "next" not in page:
                return numbers

    def test_go_when_they_are_old_and_are_counted(self):
        _, daemon = self.refuse({"dead_letters_max_age": "3s"})
        wait_for(lambda: self.kept(daemon) == [], "none left")
        self.assertEqual(daemon.metric('hark_dead_letters_removed_total{output="soc"}'), 2 * ALERTS - 1)
        self.assertTrue(daemon.messages("dead_letters_removed"))

    def test_beyond_their_bytes_the_oldest_go(self):
        _, daemon = self.refuse({"max_bytes": f"{20_000 * ALERTS}B"})

        def removed():
            return daemon.metric('hark_dead_letters_removed_total{output="soc"}')

        wait_for(lambda: removed() > ALERTS // 2, "what is too much gone")
        wait_for(lambda: len(self.kept(daemon)) + removed() == 2 * ALERTS - 1, "the rest kept")
        kept = self.kept(daemon)
        self.assertGreater(len(kept), ALERTS // 2)
        self.assertEqual(kept, list(range(2 * ALERTS - len(kept), 2 * ALERTS)))

    def test_one_that_is_tried_again_is_delivered(self):
        receiver, daemon = self.refuse({})
        wait_for(lambda: len(self.kept(daemon)) == 2 * ALERTS - 1, "all stored")
        receiver.answer = lambda: (200, {})
        subprocess.run([HARK, "dlq", "replay", "--all", "--data-dir", daemon.data_dir], check=True, capture_output=True)
        wait_for(lambda: len(receiver.accepted) == 2 * ALERTS - 1, "all delivered")
        wait_for(lambda: self.kept(daemon) == [], "none left")
        self.assertEqual(daemon.metric('hark_dead_letters_removed_total{output="soc"}'), 0)


if __name__ == "__main__":
    HARK = sys.argv.pop(1)
    unittest.main()
