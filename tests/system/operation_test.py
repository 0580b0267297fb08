#!/usr/bin/env python3
"""Operating `hark run`: reloads while events flow, what Prometheus and the commands are told, and an hour's work in a minute without growing.

HARK_SYSTEM_SCALE: 1 for every change (a soak of 60 s), 10 for the nightly run (of 600 s).

usage: operation_test.py HARK [unittest arguments]
"""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from daemon_support import Hark, PATIENCE, SCALE, recorded_lines, secret_read, stamp, wait_for
from prometheus_support import Prometheus

HARK = ""
START = 1767225600  # 2026-01-01T00:00:00Z


def read_secret(second, name, user="alice"):
    return secret_read(stamp(START + second), name, user)


# Fires at the third different Secret within 5 minutes.
BURST = """title: {title}
id: 00000000-0000-4000-8000-00000000000{number}
name: read_{name}
logsource: {{product: kubernetes, service: audit}}
detection:
  selection: {{verb: get, objectRef.resource: secrets}}
  condition: selection
---
title: {title}
id: 00000000-0000-4000-8000-00000000001{number}
name: {name}
correlation:
  type: value_count
  rules: [read_{name}]
  group-by: [actor.name]
  timespan: 5m
  condition: {{gte: {threshold}, field: objectRef.name}}
level: high
"""


def burst(name, number, threshold, title="Burst"):
    return BURST.format(name=name, number=number, threshold=threshold, title=title)


class OperationTest(unittest.TestCase):
    maxDiff = 2000

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.log = self.folder / "audit.log"
        self.log.touch()
        self.rules = self.folder / "rules"
        self.rules.mkdir()
        self.daemon = None
        self.addCleanup(self.kill)

    def kill(self):
        if self.daemon is not None and self.daemon.process is not None and self.daemon.process.poll() is None:
            self.daemon.kill()

    def start(self, settings=None, own_rules=True):
        settings = dict(settings or {}, **({"rules": {"paths": [str(self.rules)]}} if own_rules else {}))
        self.daemon = Hark(HARK, self.folder, [{"path": str(self.log), "from_start": True, "lateness": "1s"}], settings)
        return self.daemon.start()

    def write(self, *lines):
        with open(self.log, "a") as log:
            log.write("".join(lines))
        size = self.log.stat().st_size
        wait_for(lambda: self.daemon.status()["sources"][0]["position"] == size, "read")

    def alerts(self):
        """{rule: [(state, closed reason)]} of the newest revisions."""
        found = {}
        for text in self.daemon.exported().values():
            alert = json.loads(text)
            found.setdefault(alert["rule"]["name"], []).append(alert)
        return found


class ReloadTest(OperationTest):
    def test_a_changed_rule_closes_its_episodes_and_an_unchanged_one_keeps_its_windows(self):
        (self.rules / "kept.yml").write_text(burst("kept", 1, 4))
        (self.rules / "changed.yml").write_text(burst("changed", 2, 2))
        (self.rules / "removed.yml").write_text(burst("removed", 3, 2))
        self.start()
        self.write(read_secret(1, "a"), read_secret(2, "b"), read_secret(3, "c"), read_secret(60, "c", "bob"))
        wait_for(lambda: set(self.alerts()) == {"changed", "removed"}, "raised")
        self.assertNotIn("closed", {alert["state"] for alerts in self.alerts().values() for alert in alerts})
        (self.rules / "changed.yml").write_text(burst("changed", 2, 3))
        (self.rules / "removed.yml").unlink()
        self.assertEqual(self.daemon.get("/-/reload", "POST"), (200, "{\"reloaded\":true}\n"))
        wait_for(lambda: all(alert["state"] == "closed" for alerts in self.alerts().values() for alert in alerts), "closed")
        self.write(read_secret(70, "d"), read_secret(90, "e", "bob"))
        found = wait_for(lambda: "kept" in self.alerts() and self.alerts(), "the kept window raises")
        self.assertEqual(found["kept"][0]["window"]["total"], 4)
        self.assertEqual(len(found["changed"]), 1)

    def test_a_signal_and_a_changed_file_reload_too(self):
        (self.rules / "one.yml").write_text(burst("one", 1, 2))
        self.start()
        first = self.daemon.status()["rules"]
        (self.rules / "two.yml").write_text(burst("two", 2, 2))
        wait_for(lambda: self.daemon.status()["rules"]["count"] == 2, "the file was noticed")
        self.assertNotEqual(self.daemon.status()["rules"]["id"], first["id"])
        (self.rules / "two.yml").unlink()
        self.daemon.process.send_signal(signal.SIGHUP)
        wait_for(lambda: self.daemon.status()["rules"] == first, "reloaded")

    def test_a_switched_link_of_a_config_map_is_noticed(self):
        for version, threshold in (("..v1", 2), ("..v2", 3)):
            (self.rules / version).mkdir()
            (self.rules / version / "one.yml").write_text(burst("one", 1, threshold))
        (self.rules / "..data").symlink_to("..v1")
        (self.rules / "one.yml").symlink_to("..data/one.yml")
        self.start()
        first = self.daemon.status()["rules"]["id"]
        (self.rules / "..new").symlink_to("..v2")
        (self.rules / "..new").rename(self.rules / "..data")
        wait_for(lambda: self.daemon.status()["rules"]["id"] != first, "the switch was noticed")

    def test_a_broken_rule_leaves_everything_as_it_was(self):
        (self.rules / "one.yml").write_text(burst("one", 1, 3))
        self.start()
        self.assertEqual(self.daemon.metric("hark_config_last_reload_successful"), 1)
        self.write(read_secret(1, "a"), read_secret(2, "b"))
        before = self.daemon.status()["rules"]
        (self.rules / "two.yml").write_text("title: Two\nid: 1\ndetection:\n  selection: {verb: get}\n  condition: selektion\n")
        code, answer = self.daemon.get("/-/reload", "POST")
        self.assertEqual(code, 500)
        self.assertRegex(answer, r"two\.yml:5:14: ")
        self.assertEqual(self.daemon.metric("hark_config_last_reload_successful"), 0)
        self.assertTrue(any("two.yml:5:14: " in message["error"] for message in self.daemon.messages("reload_failed")))
        self.assertEqual(self.daemon.status()["rules"], before)
        self.write(read_secret(3, "c"), read_secret(60, "x", "bob"))
        wait_for(lambda: "one" in self.alerts(), "the old rules judge on")
        (self.rules / "two.yml").unlink()
        self.assertEqual(self.daemon.get("/-/reload", "POST")[0], 200)
        self.assertEqual(self.daemon.metric("hark_config_last_reload_successful"), 1)

    def test_rules_that_were_changed_between_two_runs_close_episodes_too(self):
        (self.rules / "one.yml").write_text(burst("one", 1, 2))
        self.start({"snapshot": {"interval": "1h"}})
        self.write(read_secret(1, "a"), read_secret(2, "b"), read_secret(60, "c", "bob"))
        wait_for(lambda: "one" in self.alerts(), "raised")
        self.daemon.kill()
        (self.rules / "one.yml").write_text(burst("one", 1, 3))
        self.daemon.start()
        wait_for(lambda: self.alerts()["one"][0]["state"] == "closed", "closed")


class PrometheusTest(OperationTest):
    def test_promtool_finds_nothing_wrong(self):
        self.start(own_rules=False)
        self.log.write_bytes(b"".join(recorded_lines()[:3000]) + b"this is no event\n")
        wait_for(lambda: self.daemon.events_read() == 3000, "read")
        text = self.daemon.get("/metrics")[1]
        checked = subprocess.run(["promtool", "check", "metrics"], input=text.encode(), capture_output=True)
        self.assertEqual((checked.returncode, checked.stdout, checked.stderr), (0, b"", b""))
        source = str(self.log)
        self.assertEqual(self.daemon.metric(f'hark_events_total{{source="{source}"}}'), 3000)
        self.assertEqual(self.daemon.metric(f'hark_records_rejected_total{{source="{source}",reason="malformed"}}') or
                         self.daemon.metric(f'hark_records_rejected_total{{reason="malformed",source="{source}"}}'), 1)
        self.assertIn('hark_rule_matches_total{', text)
        for family in ("hark_ingest_bytes_total", "hark_watermark_timestamp_seconds", "hark_fact_log_bytes", "hark_state_bytes", "hark_lateness_seconds_bucket",
                       "hark_build_info", "hark_deliveries_total", "hark_alerts_open", "hark_state_groups", "hark_snapshot_seconds_bucket", "process_open_fds"):
            self.assertIn(family, text)

    def test_prometheus_scrapes_it(self):
        self.start(own_rules=False)
        self.log.write_bytes(b"".join(recorded_lines()[:1000]))
        prometheus = Prometheus(self.folder, {"hark": [f"127.0.0.1:{self.daemon.port}"]})
        self.addCleanup(prometheus.stop)
        prometheus.start()
        wait_for(lambda: prometheus.query("sum(hark_events_total)") == [({}, 1000)], "Prometheus has the events")


class CommandTest(OperationTest):
    def run_hark(self, *arguments):
        done = subprocess.run([HARK, *arguments, "--data-dir", self.daemon.data_dir], capture_output=True, timeout=PATIENCE)
        return done.returncode, done.stdout.decode()

    def test_status_and_alerts_are_the_same_with_and_without_a_daemon(self):
        (self.rules / "one.yml").write_text(burst("one", 1, 2, "Two Secrets"))
        self.start()
        self.write(read_secret(1, "a"), read_secret(2, "b"), read_secret(60, "c", "bob"))
        wait_for(lambda: "one" in self.alerts(), "raised")
        code, text = self.run_hark("status")
        self.assertEqual(code, 0)
        for part in ("ready", str(self.log), "reading", "3 events in this run", "watermark"):
            self.assertIn(part, text)
        running = self.run_hark("alerts", "list", "--level", "high")
        self.assertIn("alice", running[1])
        self.assertEqual(self.daemon.stop(), 0)
        self.assertEqual(self.run_hark("alerts", "list", "--level", "high"), running)
        code, text = self.run_hark("status")
        self.assertEqual(code, 1)
        self.assertIn("no hark runs", text)

    def test_the_api_pages_and_filters(self):
        (self.rules / "one.yml").write_text(burst("one", 1, 2))
        self.start()
        self.write(*(read_secret(i * 2 + k, f"s{k}", f"user-{i:02}") for i in range(12) for k in (0, 1)), read_secret(100, "z"))
        wait_for(lambda: len(self.daemon.exported()) == 12, "raised")
        seen, cursor = [], ""
        while True:
            page = json.loads(self.daemon.get(f"/api/v1/alerts?limit=5{cursor}")[1])
            seen += [entry["alert"]["actor"]["name"] for entry in page["alerts"]]
            if "next" not in page:
                break
            cursor = f"&cursor={page['next']}"
        self.assertEqual(sorted(seen), [f"user-{i:02}" for i in range(12)])
        one = json.loads(self.daemon.get("/api/v1/alerts?actor=user-03")[1])["alerts"]
        self.assertEqual([entry["alert"]["actor"]["name"] for entry in one], ["user-03"])
        self.assertEqual(self.daemon.get("/api/v1/alerts?rul=x")[0], 400)


class SoakTest(OperationTest):
    RATE = 5000
    SECONDS = 60 * SCALE

    def feed(self, lines):
        """Writes RATE lines a second, each with the present as its time, so that windows fill, close and expire."""
        begin = time.monotonic()
        count = 0
        with open(self.log, "ab", buffering=0) as log:
            while not self.fed.is_set():
                due = int((time.monotonic() - begin) * self.RATE)
                now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()).encode()
                chunk = []
                while count < due:
                    head, tail = lines[count % len(lines)]
                    chunk.append(head + b"%012d" % count + tail.replace(b"@TIME@", now + b".%06dZ" % (count % 1000000)))
                    count += 1
                log.write(b"".join(chunk))
                time.sleep(0.05)
        self.written = count

    @staticmethod
    def templates():
        """The recorded events with places for an auditID and a time."""
        made = []
        for line in recorded_lines()[:20000]:
            event = json.loads(line)
            event["auditID"] = "@ID@"
            event["requestReceivedTimestamp"] = event["stageTimestamp"] = "@TIME@"
            head, tail = json.dumps(event, separators=(",", ":")).encode().split(b"@ID@")
            made.append((head, tail + b"\n"))
        return made

    def usage(self):
        pid = self.daemon.process.pid
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        rss = int(status.split("VmRSS:")[1].split()[0])
        return {"cpu": (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), "rss_kib": rss, "fds": len(os.listdir(f"/proc/{pid}/fd"))}

    def test_memory_and_descriptors_stay_flat_and_the_cpu_is_that_of_replay(self):
        lines = self.templates()
        self.start({"snapshot": {"interval": "10s"}}, own_rules=False)
        self.fed = threading.Event()
        writer = threading.Thread(target=self.feed, args=(lines,))
        writer.start()
        self.addCleanup(self.fed.set)
        time.sleep(self.SECONDS / 4)  # until the windows are full
        first, first_events = self.usage(), self.daemon.events_read()
        of_replay = self.cpu_of_replays(self.SECONDS * 3 / 4)
        last, last_events = self.usage(), self.daemon.events_read()
        self.fed.set()
        writer.join()
        wait_for(lambda: self.daemon.events_read() == self.written, "read to the end")
        self.assertGreater(self.written, self.RATE * self.SECONDS * 0.9)
        self.assertLessEqual(last["fds"], first["fds"] + 2)
        self.assertLess(last["rss_kib"], first["rss_kib"] * 1.3 + 8192)
        of_daemon = (last["cpu"] - first["cpu"]) / (last_events - first_events)
        print(f"soak: {self.written} events in {self.SECONDS} s; CPU per event {of_daemon * 1e6:.1f} us, of replay {of_replay * 1e6:.1f} us, "
              f"ratio {of_daemon / of_replay:.2f}; RSS {first['rss_kib'] >> 10} -> {last['rss_kib'] >> 10} MiB; descriptors {first['fds']} -> {last['fds']}")
        self.assertLess(of_daemon, 2 * of_replay)

    def cpu_of_replays(self, seconds, times=9):
        """Per event, of replays of the log as it grows, over so many seconds: so the machine is as fast for them as for the daemon, whoever else uses it."""
        begin, events, before = time.monotonic(), 0, os.times()
        for part in range(1, times + 1):
            time.sleep(max(0, begin + seconds * part / times - time.monotonic()))
            done = subprocess.run([HARK, "replay", str(self.log), "--output", "none"], check=True, capture_output=True, text=True)
            events += int(re.search(r"([\d,]+) events, 0 skipped", done.stderr)[1].replace(",", ""))
        after = os.times()
        return (after.children_user + after.children_system - before.children_user - before.children_system) / events


if __name__ == "__main__":
    HARK = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
