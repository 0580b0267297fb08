#!/usr/bin/env python3
"""`hark run` as an audit backend: API servers post to it, it is killed, its disk is slow or full; what it acknowledged counts, exactly once.

HARK_SYSTEM_SCALE: 1 for every change, 10 for the nightly run.

usage: webhook_test.py HARK [unittest arguments]
"""

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
from webhook_support import ApiServer, batches_of, event_list, free_port, seconds_of

HARK = ""
DATA = pathlib.Path(os.environ.get("HARK_DATA", "../shared/data"))
LINES = recorded_lines()


def unpacked(path):
    return subprocess.run(["zstd", "-q", "-d", "-c", path], check=True, capture_output=True).stdout


class WebhookTest(unittest.TestCase):
    maxDiff = 2000

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.daemon = None
        self.addCleanup(self.kill)

    def kill(self):
        if self.daemon is not None and self.daemon.process is not None and self.daemon.process.poll() is None:
            self.daemon.kill()

    def make(self, settings=None, environment=None, folder=None, **webhook):
        self.port = free_port()
        webhook = {"listen": f"127.0.0.1:{self.port}", **webhook}
        self.daemon = Hark(HARK, folder or self.folder, [], settings, environment)
        self.daemon.config["sources"] = {"webhooks": [webhook]}
        self.daemon.write_config()
        return self.daemon

    def api(self, url, **options):
        server = ApiServer(url, **options)
        self.addCleanup(server.close)
        return server

    def url(self, cluster="prod"):
        return f"http://127.0.0.1:{self.port}/audit/{cluster}"

    def expect_alerts_of_replay(self, lines, cluster="prod"):
        """Ends the data_dir and compares."""
        self.daemon.drain()
        whole = self.folder / "whole.log"
        whole.write_bytes(b"".join(lines))
        expected = replayed(HARK, f"{cluster}={whole}")
        self.assertGreater(len(expected), 10)
        found = self.daemon.exported()
        self.assertEqual(sorted(found), sorted(expected))
        for alert_id, text in expected.items():
            self.assertEqual(found[alert_id], text)
        _, delivered = self.daemon.delivered()
        self.assertEqual(set(delivered), {(i, n) for i, text in expected.items() for n in range(1, json.loads(text)["n"] + 1)})


class PostTest(WebhookTest):
    def test_the_log_of_an_api_server_in_batches_gives_the_alerts_of_replay(self):
        self.make(lateness="240s").start()
        server = self.api(self.url())
        for batch in batches_of(LINES):
            server.send(batch)
            if len(server.futures) % 4 == 0:
                server.futures[-1].result()  # what is in flight together is not far apart
        server.finish()
        self.assertEqual(server.codes, {200: len(batches_of(LINES))})
        self.assertEqual(self.daemon.events_read(), len(LINES))
        source = f"prod=webhook:127.0.0.1:{self.port}"
        self.assertEqual(self.daemon.metric(f'hark_events_total{{source="{source}"}}'), len(LINES))
        self.assertEqual(self.daemon.metric('hark_receiver_requests_total{cluster="prod",code="200"}'), len(batches_of(LINES)))
        self.assertEqual(self.daemon.stop(), 0)
        self.expect_alerts_of_replay(LINES)

    def test_genuine_bodies_are_taken(self):
        bodies = [DATA / "kube-1.20/webhook-body-400-events.json.zst", DATA / "kube-1.37.2/webhook-body.json.zst"]
        if not all(body.exists() for body in bodies):
            self.skipTest("the recorded POST bodies are not there: set HARK_DATA")
        self.make().start()
        server = self.api(self.url())
        events = 0
        for path in bodies:
            body = unpacked(path)
            events += len(json.loads(body)["items"])
            self.assertEqual(server.post(body), 200)
        self.assertEqual(self.daemon.events_read(), events)

    def test_what_is_no_event_list_is_refused_with_400_and_counted(self):
        self.make().start()
        server = self.api(self.url())
        self.assertEqual(server.post(b"no json"), 400)
        self.assertEqual(server.post(event_list(LINES[:3])[:-10]), 400)
        self.assertEqual(server.post(LINES[0]), 400)
        self.assertEqual(server.post(event_list([])), 200)
        metrics = self.daemon.get("/metrics")[1]
        self.assertIn('reason="malformed"', metrics)
        self.assertEqual(self.daemon.metric('hark_receiver_requests_total{cluster="prod",code="400"}'), 3)

    def test_a_try_without_a_configuration(self):
        port = free_port()
        with open(self.folder / "out", "wb") as out, open(self.folder / "err", "wb") as err:
            process = subprocess.Popen([HARK, "run", "--listen", f"127.0.0.1:{port}", "--admin", "127.0.0.1:0", "--output", "jsonl"], stdout=out, stderr=err,
                                       cwd=self.folder)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        server = self.api(f"http://127.0.0.1:{port}/audit/prod")
        wait_for(lambda: server.post(event_list(LINES[:1])) == 200, "hark listens")
        for batch in batches_of(LINES):
            self.assertEqual(server.post(event_list(batch)), 200)
        wait_for(lambda: (self.folder / "out").read_bytes().count(b"\n") > 3, "alerts on standard output")


class KillTest(WebhookTest):
    KILLS = 5 * SCALE
    SECONDS = 30 if SCALE == 1 else 1500  # for a log of 23 minutes

    def test_killed_again_and_again_every_acknowledged_event_counts_once(self):
        first, last = seconds_of(LINES[0]), seconds_of(LINES[-1])
        speed = (last - first) / self.SECONDS
        self.make({"snapshot": {"interval": "2s"}}, lateness="240s").start()
        server = self.api(self.url(), speed=max(speed / 2, 1))
        sending = threading.Thread(target=self.send_paced, args=(server, first, speed))
        sending.start()
        chance = random.Random(7)
        for _ in range(self.KILLS):
            time.sleep(self.SECONDS / self.KILLS * chance.uniform(0.5, 1))
            self.daemon.kill()
            self.daemon.start()
        sending.join()
        server.finish()
        self.assertEqual(server.given_up, [], f"after {server.codes}")
        self.assertEqual(len(server.acknowledged), len(batches_of(LINES, 100)))
        self.assertEqual(self.daemon.stop(), 0)
        print(f"webhook kill: {self.KILLS} kills, answers {server.codes}")
        self.expect_alerts_of_replay(LINES)

    @staticmethod
    def send_paced(server, first, speed):
        begin = time.monotonic()
        for batch in batches_of(LINES, 100):
            time.sleep(max(0, begin + (seconds_of(batch[-1]) - first) / speed - time.monotonic()))
            server.send(batch)


class DiskTest(WebhookTest):
    def shim(self):
        path = self.folder / "slow_sync.so"
        source = pathlib.Path(__file__).with_name("slow_sync.c")
        subprocess.run(["cc", "-shared", "-fPIC", "-o", path, source, "-ldl"], check=True)
        return path

    def test_with_slow_syncs_batches_are_grouped_and_the_excess_is_429(self):
        environment = dict(os.environ, LD_PRELOAD=str(self.shim()), HARK_SLOW_SYNC_MS="100")
        self.make(environment=environment).start()
        server = self.api(self.url(), speed=4)
        batches = batches_of(LINES, 50)
        begin = time.monotonic()
        for batch in batches[:200]:
            server.send(batch)
        server.finish()
        took = time.monotonic() - begin
        self.assertEqual(len(server.acknowledged), 200, server.codes)
        # One after the other they would have waited for 200 syncs and more.
        self.assertLess(took, 20 * 0.6, "syncs are shared")
        flood = [self.api(self.url(), speed=8, parallel=60, source=f"127.0.0.{i + 2}") for i in range(3)]
        for batch in batches[200:]:
            flood[len(batch) % 3].send(batch)
            for one in flood:
                one.send(batches[0])
        for one in flood:
            one.finish()
        codes = {}
        for one in flood:
            for code, count in one.codes.items():
                codes[code] = codes.get(code, 0) + count
        print(f"slow syncs: 200 batches in {took:.1f} s; flood {codes}")
        self.assertLessEqual(set(codes), {200, 429})
        self.assertIn(429, codes)
        self.assertEqual([batch for one in flood for batch in one.given_up], [])
        self.assertEqual(self.daemon.stop(), 0)

    def test_a_full_disk_gives_no_false_200_and_recovers(self):
        if os.geteuid() != 0:
            self.skipTest("mounting a small file system needs root")
        disk = self.folder / "disk"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", disk], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", disk])
        filler = disk / "filler"
        self.make(folder=self.folder)
        self.daemon.data_dir = disk / "data"
        self.daemon.config["data_dir"] = str(self.daemon.data_dir)
        self.daemon.config["fact_log"] = {"segment_bytes": "1MiB", "max_bytes": "8MiB"}
        self.daemon.config["snapshot"] = {"bytes": "2MiB", "interval": "1s"}
        self.daemon.write_config()
        self.daemon.start()
        server = self.api(self.url(), speed=20)
        batches = batches_of(LINES, 100)
        for batch in batches[:20]:
            self.assertEqual(server.post(event_list(batch)), 200)
        with open(filler, "wb") as file:
            try:
                while True:
                    file.write(bytes(1 << 16))
            except OSError:
                pass
        codes = [server.post(event_list(batch)) for batch in batches[20:24]]
        self.assertTrue(set(codes) & {429, 503}, codes)
        self.assertLessEqual(set(codes), {200, 429, 503})
        filler.unlink()
        wait_for(lambda: server.post(event_list(batches[20])) == 200, "it recovers")
        for batch in batches[20:]:
            wait_for(lambda batch=batch: server.post(event_list(batch)) == 200, "taken")
        self.assertEqual(self.daemon.stop(), 0)
        self.expect_alerts_of_replay(LINES)


if __name__ == "__main__":
    HARK = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
