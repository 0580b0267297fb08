#!/usr/bin/env python3
"""How long API servers wait for `hark run` to have their events on the disk.

HARK_SYSTEM_SCALE: 1 for every change, 10 for the nightly run. HARK_BUILD: the build type; one for debugging gets less to do, and more time.

usage: webhook_speed_test.py HARK [unittest arguments]
"""

import os
import pathlib
import sys
import threading
import time
import unittest

import webhook_test
from daemon_support import SCALE
from webhook_support import ApiServer, batches_of, percentile
from webhook_test import LINES

IS_OPTIMISED = os.environ.get("HARK_BUILD", "") == "Release"


class SpeedTest(webhook_test.WebhookTest):
    SERVERS = 3
    RATE = 10 if IS_OPTIMISED else 2  # batches of 400 events a second, each
    SECONDS = 10 if SCALE == 1 else 60
    FACTOR = 1 if IS_OPTIMISED else 4

    def bare_sync(self, stop, seconds):
        """What the disk takes, beside the same load, for 500 KB that are appended and synced."""
        block = bytes(500_000)
        with open(self.folder / "bare", "wb", buffering=0) as file:
            while not stop.is_set():
                begin = time.monotonic()
                file.write(block)
                os.fdatasync(file.fileno())
                seconds.append(time.monotonic() - begin)
                time.sleep(0.1)

    def test_three_api_servers_at_their_limit_are_acknowledged_at_once(self):
        self.make().start()
        stop, bare = threading.Event(), []
        measuring = threading.Thread(target=self.bare_sync, args=(stop, bare))
        measuring.start()
        self.addCleanup(stop.set)
        servers = [self.api(self.url(), parallel=8) for _ in range(self.SERVERS)]
        batches = batches_of(LINES)
        senders = [threading.Thread(target=server.send_at_rate, args=([batches[i % len(batches)] for i in range(self.RATE * self.SECONDS)], self.RATE))
                   for server in servers]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        for server in servers:
            server.finish()
        stop.set()
        measuring.join()
        seconds = [each for server in servers for each in server.seconds]
        self.assertEqual(len(seconds), self.SERVERS * self.RATE * self.SECONDS, [server.codes for server in servers])
        p99, disk = percentile(seconds, 0.99), percentile(bare, 0.99)
        print(f"webhook speed: {len(seconds)} batches at {self.SERVERS * self.RATE * 400} events/s, acknowledged p50 {percentile(seconds, 0.5) * 1e3:.1f} ms, "
              f"p99 {p99 * 1e3:.1f} ms; bare append and sync p99 {disk * 1e3:.1f} ms")
        self.assertLessEqual(p99, self.FACTOR * (0.010 + 3 * disk))


if __name__ == "__main__":
    webhook_test.HARK = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
