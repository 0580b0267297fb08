#!/usr/bin/env python3
"""`hark run` on a real Kafka broker, alone and beside the other sources; hark and the broker are killed, and the alerts are those of `hark replay`.

HARK_SYSTEM_SCALE: 1 for every change, 10 for the nightly run.

usage: kafka_daemon_test.py HARK KAFKA_TOOL [unittest arguments]
"""

import functools
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from daemon_support import Hark, PATIENCE, SCALE, recorded_lines, replayed, wait_for
from kafka_broker import PATIENCE as BROKER_PATIENCE
from kafka_broker import PASSWORD, USER, Broker
from webhook_support import ApiServer, batches_of, free_port, seconds_of

HARK = TOOL = ""
DATA = pathlib.Path(os.environ.get("HARK_DATA", "../shared/data"))
LINES = recorded_lines()


def kube_1_37():
    """The recorded log of a current API server; None if it is not there."""
    path = DATA / "kube-1.37.2/audit-typical.jsonl.zst"
    if not path.exists():
        return None
    return subprocess.run(["zstd", "-q", "-d", "-c", path], check=True, capture_output=True).stdout.splitlines(keepends=True)


@functools.cache
def broker_of_all():
    """Each test has topics of its own."""
    temporary = tempfile.TemporaryDirectory()
    unittest.addModuleCleanup(temporary.cleanup)
    broker = Broker(temporary.name).start()
    unittest.addModuleCleanup(broker.kill)
    return broker


class KafkaTest(unittest.TestCase):
    maxDiff = 2000

    def setUp(self):
        self.broker = broker_of_all()
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.topic = f"audit-{self._testMethodName[5:30]}"
        self.daemon = None
        self.addCleanup(self.kill)

    def kill(self):
        if self.daemon is not None and self.daemon.process is not None and self.daemon.process.poll() is None:
            self.daemon.kill()

    def tool(self, *arguments, text=None, tries=30):
        """What kafka_tool prints; while the broker is away it is tried again."""
        for _ in range(tries):
            done = subprocess.run([TOOL, self.broker.plain, *map(str, arguments)], input=text, capture_output=True, timeout=BROKER_PATIENCE)
            if done.returncode == 0:
                return done.stdout
            time.sleep(1)
        raise AssertionError(f"kafka_tool {arguments}: {done.stderr.decode()}")

    def produce(self, lines, partitions):
        self.tool("produce", self.topic, partitions, text=b"".join(lines))

    def make(self, settings=None, files=(), **kafka):
        self.daemon = Hark(HARK, self.folder, list(files), settings)
        self.daemon.config["sources"]["kafka"] = [{"brokers": [self.broker.plain], "topics": [self.topic], "group": self.topic, "instance": "test", **kafka}]
        self.daemon.write_config()
        return self.daemon

    def lag(self):
        """Records that are not read yet; None while that is not known of every partition."""
        lags = [float(line.rsplit(" ", 1)[1]) for line in self.daemon.get("/metrics")[1].splitlines() if line.startswith("hark_kafka_lag_records{")]
        return sum(lags) if lags else None

    def expect_alerts_of_replay(self, lines, cluster=None):
        self.daemon.drain()
        whole = self.folder / "whole.log"
        whole.write_bytes(b"".join(lines))
        expected = replayed(HARK, f"{cluster}={whole}" if cluster else whole)
        self.assertGreater(len(expected), 10)
        found = self.daemon.exported()
        self.assertEqual(sorted(found), sorted(expected))
        for alert_id, text in expected.items():
            self.assertEqual(found[alert_id], text)
        _, delivered = self.daemon.delivered()
        self.assertEqual(set(delivered), {(i, n) for i, text in expected.items() for n in range(1, json.loads(text)["n"] + 1)})


class TopicTest(KafkaTest):
    KILLS = 4 * SCALE
    SECONDS = 20 * SCALE

    def test_hark_and_the_broker_are_killed_and_no_event_is_lost(self):
        lines = kube_1_37()
        if lines is None:
            self.skipTest("the recorded log of kube-1.37.2 is not there: set HARK_DATA")
        self.tool("create", self.topic, 6)
        self.make({"snapshot": {"interval": "2s"}}).start()
        producing = threading.Thread(target=self.produce_paced, args=(lines,))
        producing.start()
        chance = random.Random(11)
        for kill in range(self.KILLS):
            time.sleep(self.SECONDS / self.KILLS * chance.uniform(0.4, 0.9))
            if kill % 4 == 1:
                self.broker.kill()
                time.sleep(chance.uniform(0, 2))
                self.broker.start()
            self.daemon.kill()
            self.daemon.start()
        producing.join()
        wait_for(lambda: self.daemon.get("/readyz")[0] == 200 and self.lag() == 0, "everything is read")
        self.assertEqual(len(self.daemon.status()["sources"]), 6)
        wait_for(lambda: int(self.tool("committed", self.topic, self.topic, 0)) > 0, "the group is told what is done with")
        self.assertEqual(self.daemon.stop(), 0)
        self.expect_alerts_of_replay(lines)

    def produce_paced(self, lines):
        pause = self.SECONDS / (len(lines) / 1000)
        for batch in batches_of(lines, 1000):
            self.produce(batch, 6)
            time.sleep(pause)

    def test_a_partition_that_is_added_is_read_from_its_first_offset(self):
        half = len(LINES) // 2
        self.tool("create", self.topic, 2)
        self.make(from_start=False, properties=[{"name": "topic.metadata.refresh.interval.ms", "value": "1000"}]).start()
        wait_for(lambda: self.daemon.get("/readyz")[0] == 200, "ready")
        self.produce(LINES[:half], 2)
        wait_for(lambda: self.daemon.events_read() == half, "read")
        # What comes before it is found waits in it; the lateness bound covers that time.
        self.tool("grow", self.topic, 3)
        self.produce(LINES[half:half + 300], 3)
        wait_for(lambda: self.daemon.events_read() == half + 300, "the new partition is read, too")
        self.produce(LINES[half + 300:], 3)
        wait_for(lambda: self.daemon.events_read() == len(LINES), "read")
        self.assertEqual(len(self.daemon.status()["sources"]), 3)
        self.assertEqual(self.daemon.stop(), 0)
        self.expect_alerts_of_replay(LINES)

    def test_tombstones_and_poison_are_counted_and_passed(self):
        self.tool("create", self.topic, 1)
        self.make().start()
        self.produce([LINES[0], b"{\"kind\":\"Event\"\n", b"no json\n", LINES[1]], 1)
        wait_for(lambda: self.daemon.events_read() == 2, "read")
        self.assertIn('reason="malformed"', self.daemon.get("/metrics")[1])

    def test_a_try_without_a_configuration(self):
        self.tool("create", self.topic, 2)
        self.produce(LINES[:15000], 2)
        with open(self.folder / "out", "wb") as out, open(self.folder / "err", "wb") as err:
            process = subprocess.Popen([HARK, "run", "--kafka", f"{self.broker.plain}/{self.topic}", "--admin", "127.0.0.1:0", "--output", "jsonl"], stdout=out, stderr=err)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        wait_for(lambda: (self.folder / "out").read_bytes().count(b"\n") > 3, "alerts on standard output")


class SecurityTest(KafkaTest):
    def test_scram_over_tls_and_the_wrong_password(self):
        self.tool("create", self.topic, 1)
        self.produce(LINES[:500], 1)
        log = self.folder / "audit.log"
        log.touch()
        password = self.folder / "password"
        password.write_text("wrong\n")
        password.chmod(0o600)
        self.make(files=[{"path": str(log), "from_start": True}], brokers=[self.broker.secure], tls={"enabled": True, "ca_file": self.broker.state["ca_file"]},
                  sasl={"mechanism": "SCRAM-SHA-512", "username": USER, "password_file": str(password)}).start()
        answer = wait_for(lambda: "uthenticat" in self.daemon.get("/readyz")[1] and self.daemon.get("/readyz"), "the error is shown")
        self.assertEqual(answer[0], 503)
        self.assertNotIn("wrong", answer[1])
        log.write_bytes(b"".join(LINES[:100]))
        wait_for(lambda: self.daemon.events_read() == 100, "the other source is read")
        self.assertNotIn(PASSWORD, self.daemon.log_path.read_text())
        password.write_text(PASSWORD + "\n")
        self.assertEqual(self.daemon.stop(), 0)
        self.daemon.start()
        wait_for(lambda: self.daemon.get("/readyz")[0] == 200, "ready with the right password")
        wait_for(lambda: any(source["name"].startswith("kafka:") and source["events"] == 500 for source in self.daemon.status()["sources"]), "read")


class AllSourcesTest(KafkaTest):
    SECONDS = 20

    def make_all(self, settings=None):
        self.port = free_port()
        self.log = self.folder / "audit.log"
        self.log.touch()
        self.tool("create", self.topic, 3)
        self.make(settings, files=[{"path": str(self.log), "from_start": True, "cluster": "prod", "lateness": "240s"}], cluster="prod", lateness="240s")
        self.daemon.config["sources"]["webhooks"] = [{"listen": f"127.0.0.1:{self.port}", "lateness": "240s"}]
        self.daemon.write_config()
        self.daemon.start()
        self.api = ApiServer(f"http://127.0.0.1:{self.port}/audit/prod")
        self.addCleanup(self.api.close)
        wait_for(lambda: self.daemon.get("/readyz")[0] == 200, "ready")

    def feed(self, lines):
        """The same lines through each source."""
        with open(self.log, "ab") as log:
            log.write(b"".join(lines))
        self.api.send(lines)
        self.produce(lines, 3)

    def test_the_same_events_through_three_sources_count_once(self):
        self.make_all()
        first, last = seconds_of(LINES[0]), seconds_of(LINES[-1])
        begin = time.monotonic()
        for batch in batches_of(LINES, 500):
            time.sleep(max(0, begin + (seconds_of(batch[0]) - first) / (last - first) * self.SECONDS - time.monotonic()))
            self.feed(batch)
        self.api.finish()
        self.assertEqual(self.api.given_up, [])
        wait_for(lambda: self.daemon.events_read() == 3 * len(LINES), "all three are read")
        self.assertEqual(self.daemon.stop(), 0)
        self.expect_alerts_of_replay(LINES, "prod")


class SoakTest(AllSourcesTest):
    SECONDS = 60 * SCALE
    RATE = 1500  # lines a second, through each source

    def usage(self):
        pid = self.daemon.process.pid
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
        rss = int(pathlib.Path(f"/proc/{pid}/status").read_text().split("VmRSS:")[1].split()[0])
        return {"cpu": (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), "rss_kib": rss, "fds": len(os.listdir(f"/proc/{pid}/fd"))}

    def test_the_same_events_through_three_sources_count_once(self):
        """Of the parent."""

    def test_idle_it_costs_nothing_and_busy_it_does_not_grow(self):
        self.make_all({"snapshot": {"interval": "10s"}})
        time.sleep(3)
        before = self.usage()
        time.sleep(10)
        idle = (self.usage()["cpu"] - before["cpu"]) / 10
        begin, count, first = time.monotonic(), 0, None
        events = [json.loads(line) for line in LINES[:20000]]
        while time.monotonic() - begin < self.SECONDS:
            now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
            lines = []
            for i in range(self.RATE):
                event = events[(count + i) % len(events)]
                event["auditID"] = f"{count + i:012}"
                event["requestReceivedTimestamp"] = event["stageTimestamp"] = f"{now}.{i * 1000000 // self.RATE:06}Z"
                lines.append(json.dumps(event, separators=(",", ":")).encode() + b"\n")
            count += len(lines)
            self.feed(lines)
            if first is None and time.monotonic() - begin > self.SECONDS / 3:
                first = self.usage()
            time.sleep(max(0, begin + count / self.RATE - time.monotonic()))
        last = self.usage()
        self.api.finish()
        wait_for(lambda: self.daemon.events_read() == 3 * count, "read to the end")
        print(f"all sources: idle CPU {idle * 100:.2f} %; soak of {self.SECONDS} s, {3 * count} events: RSS {first['rss_kib'] >> 10} -> {last['rss_kib'] >> 10} MiB, "
              f"descriptors {first['fds']} -> {last['fds']}")
        self.assertLess(idle, 0.01)
        self.assertLessEqual(last["fds"], first["fds"] + 3)
        self.assertLess(last["rss_kib"], first["rss_kib"] * 1.3 + 8192)


if __name__ == "__main__":
    HARK, TOOL = (str(pathlib.Path(sys.argv.pop(1)).resolve()) for _ in range(2))
    unittest.main()
