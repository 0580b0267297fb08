#!/usr/bin/env python3
"""How fast `hark run` delivers: how long after its detection an alert is received, and how soon what an outage has left behind is gone.

HARK_SYSTEM_SCALE: 1 for every change (100 alerts a second for 8 s, 10,000 revisions), 10 for the nightly run (for 60 s, 1,000,000 revisions).

usage: delivery_speed_test.py HARK [unittest arguments]
"""

import json
import pathlib
import subprocess
import sys
import time
import unittest

from daemon_support import SCALE, secret_read, stamp, wait_for
from delivery_support import DeliveryTest, ShiftedClock, main

HERE = pathlib.Path(__file__).resolve().parent


class SpeedTest(DeliveryTest):
    def spawn(self, script, *arguments):
        process = subprocess.Popen([sys.executable, HERE / script, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stdin.close)
        self.processes.append(process)
        return process

    def make(self, *arguments, **options):
        daemon = super().make(*arguments, **options)
        del daemon.config["snapshot"]  # as often as for users
        daemon.write_config()
        return daemon

    def start_receiver(self):
        self.receiver = self.spawn("fast_receiver.py")
        self.url = f"http://127.0.0.1:{int(self.receiver.stdout.readline())}"

    def tell(self, command):
        self.receiver.stdin.write(command + "\n")
        self.receiver.stdin.flush()

    def report(self):
        self.tell("report")
        return json.loads(self.receiver.stdout.readline())


class LatencyTest(SpeedTest):
    RATE = 100
    SECONDS = 8 if SCALE == 1 else 6 * SCALE

    def test_at_100_alerts_a_second_the_99th_percentile_is_20_ms_and_5_syncs_of_the_disk(self):
        attempts = 3  # others use this machine, too
        for attempt in range(attempts):
            self.setUp()
            latency, sync = self.measure()
            bound = 0.020 + 5 * sync
            print(f"latency: {self.SECONDS} s of {self.RATE} alerts/s: from detection to receipt " +
                  ", ".join(f"p{percent} {seconds * 1e3:.1f} ms" for percent, seconds in latency.items()) +
                  f"; fdatasync p99 {sync * 1e3:.1f} ms, bound {bound * 1e3:.1f} ms")
            if latency["99"] <= bound:
                return
        self.fail(f"beyond the bound {attempts} times")

    def measure(self):
        """What became of the alerts, in seconds by percentile, and the 99th percentile of fdatasync meanwhile."""
        self.start_receiver()
        self.tell("listen")
        daemon = self.make(own_rule=True, webhooks=[self.webhook(self.url)]).start()
        probe = self.spawn("fdatasync_probe.py", self.folder)
        begin = time.monotonic()
        # An event is judged when one comes that is a second later; nothing ends while it is measured.
        for i in range(self.RATE * (self.SECONDS + 2)):
            time.sleep(max(0, begin + i / self.RATE - time.monotonic()))
            self.write(secret_read(stamp(time.time()), "a", f"user-{i:06}").encode())
        report = self.report()
        taken = json.loads(probe.communicate("")[0])
        self.assertLess(time.monotonic() - begin, (self.SECONDS + 2) * 1.1)
        self.assertGreater(report["alerts"], self.RATE * self.SECONDS * 0.9)
        self.assertEqual(daemon.stop(), 0)
        return report["latency"], taken[len(taken) * 99 // 100]


@unittest.skipUnless(ShiftedClock.LIBRARY, "no HARK_CLOCK_LIBRARY")
class DrainTest(SpeedTest):
    REVISIONS = 10_000 if SCALE == 1 else 100_000 * SCALE
    SECONDS = 15 * 60 * REVISIONS / 1_000_000
    MEGABYTES = 100

    def memory(self, daemon, field):
        """In megabytes."""
        status = pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text()
        return int(status.split(field + ":")[1].split()[0]) * 1024 / 1e6

    def queue_up(self, daemon):
        """Each alert opens, and closes a second later."""
        begin = time.time() - 3600
        number = self.REVISIONS // 2
        for first in range(0, number, 1000):
            self.write(*(secret_read(stamp(begin + i / 1000), "a", f"user-{i:06}").encode() for i in range(first, min(first + 1000, number))))
        self.move_watermark(begin + number / 1000 + 10)
        wait_for(lambda: self.output(daemon)["queue_length"] >= self.REVISIONS, "all queued", 3600)

    def test_what_an_outage_has_left_behind_is_delivered_in_time_and_needs_no_memory(self):
        self.start_receiver()
        daemon = self.make(self.clock.environment(), own_rule=True, webhooks=[self.webhook(self.url, max_bytes="64GiB")])
        rule = self.folder / "rule.yml"
        rule.write_text(rule.read_text().replace("keep-alive: 5m", "keep-alive: 1s"))
        daemon.start()
        idle = self.memory(daemon, "VmRSS")
        self.queue_up(daemon)
        before = self.memory(daemon, "VmRSS")
        pathlib.Path(f"/proc/{daemon.process.pid}/clear_refs").write_text("5")  # VmHWM begins anew
        self.tell("listen")
        self.hurry(daemon)
        begin = time.monotonic()
        wait_for(lambda: self.output(daemon)["queue_length"] == 0, "drained", self.SECONDS)
        seconds = time.monotonic() - begin
        most = self.memory(daemon, "VmHWM")
        received = self.report()
        print(f"drain: {self.REVISIONS} revisions in {seconds:.1f} s of {self.SECONDS:.0f} s, {self.REVISIONS / seconds:.0f}/s; "
              f"RSS {idle:.0f} MB idle, {before:.0f} MB once they were queued, at most {most:.0f} MB while they went")
        self.assertEqual(received["revisions"], self.REVISIONS)
        self.assertEqual((received["alerts"], received["repeated"], received["disordered"]), (self.REVISIONS // 2, 0, 0))
        self.assertLess(most - before, self.MEGABYTES)
        self.assertEqual(self.output(daemon)["dead_letters"], 0)


if __name__ == "__main__":
    main()
