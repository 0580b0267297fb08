#!/usr/bin/env python3
"""`hark run` on a real log: rotated, killed, stopped, drained, its clock turned, its disk full; and the alerts are those of `hark replay`.

HARK_SYSTEM_SCALE: 1 for every change, 10 for the nightly run.

usage: daemon_test.py HARK [unittest arguments]
"""

import gzip
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

HARK = ""
LINES = recorded_lines()


class LogWriter(threading.Thread):
    """Writes the lines as an API server does, and rotates as lumberjack does: renames, makes a new file, compresses the old one."""

    def __init__(self, path, lines, seed, compress, seconds):
        super().__init__()
        self.path, self.lines, self.compress = pathlib.Path(path), lines, compress
        self.random = random.Random(seed)
        self.pause = seconds / (len(lines) / 100)
        self.rotations = 0

    def run(self):
        file = open(self.path, "ab", buffering=0)
        rotate_at = self.random.randrange(1000, 3000)
        for begin in range(0, len(self.lines), 100):
            file.write(b"".join(self.lines[begin:begin + 100]))
            if begin >= rotate_at:
                file.close()
                self.rotate()
                file = open(self.path, "ab", buffering=0)
                rotate_at = begin + self.random.randrange(1000, 3000)
            time.sleep(self.pause)
        file.close()

    def rotate(self):
        self.rotations += 1
        rotated = self.path.with_name(f"audit-2026-11-24T{self.rotations // 60:02}-{self.rotations % 60:02}-00.000.log")
        self.path.rename(rotated)
        if self.compress:
            packed = rotated.with_name(rotated.name + ".gz")
            packed.with_name("part").write_bytes(gzip.compress(rotated.read_bytes(), 1))
            packed.with_name("part").rename(packed)
            rotated.unlink()


class DaemonTest(unittest.TestCase):
    maxDiff = 2000

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.logs = self.folder / "logs"
        self.logs.mkdir()
        self.log = self.logs / "audit.log"
        self.daemons = []
        self.addCleanup(self.kill_all)

    def kill_all(self):
        for daemon in self.daemons:
            if daemon.process is not None and daemon.process.poll() is None:
                daemon.kill()

    def make(self, settings=None, environment=None, **source):
        daemon = Hark(HARK, self.folder, [{"path": str(self.log), "from_start": True, **source}], settings, environment)
        self.daemons.append(daemon)
        return daemon

    def expect_alerts_of_replay(self, daemon, lines):
        whole = self.folder / "whole.log"
        whole.write_bytes(b"".join(lines))
        expected = replayed(HARK, whole)
        self.assertGreater(len(expected), 10, "the log raises too few alerts to show anything")
        found = daemon.exported()
        self.assertEqual(sorted(found), sorted(expected))
        for alert_id, text in expected.items():
            self.assertEqual(found[alert_id], text)
        # Every revision was delivered, none but those, and those of an alert in their order.
        order, _ = daemon.delivered()
        wanted = {(alert_id, n) for alert_id, text in expected.items() for n in range(1, json.loads(text)["n"] + 1)}
        self.assertEqual(set(order), wanted)
        first = list(dict.fromkeys(order))
        for alert_id in expected:
            self.assertEqual([n for i, n in first if i == alert_id], sorted(n for i, n in wanted if i == alert_id))


class DrainTest(DaemonTest):
    def test_raises_what_replay_raises(self):
        self.log.write_bytes(b"".join(LINES))
        daemon = self.make()
        daemon.drain()
        self.expect_alerts_of_replay(daemon, LINES)

    def test_reads_sources_of_different_length_once_each(self):
        other = self.logs / "other.log"
        self.log.write_bytes(b"".join(LINES[::2]))
        other.write_bytes(b"".join(LINES[1:2000:2]))
        daemon = self.make()
        daemon.config["sources"]["files"].append({"path": str(other), "from_start": True})
        daemon.write_config()
        daemon.drain()
        self.expect_alerts_of_replay(daemon, sorted(LINES[::2] + LINES[1:2000:2], key=LINES.index))

    def test_an_entry_that_begins_at_its_end_brings_nothing_of_before(self):
        self.log.write_bytes(b"".join(LINES))
        daemon = self.make(from_start=False)
        daemon.drain()
        self.assertEqual(daemon.exported(), {})

    def test_what_is_not_there_ends_nothing(self):
        daemon = self.make()
        done = subprocess.run([HARK, "run", "--config", daemon.config_path, "--drain"], capture_output=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 4)
        self.assertIn(b"not everything could be read", done.stderr)
        self.assertFalse((daemon.data_dir / "ended").exists())
        self.log.write_bytes(b"".join(LINES))
        daemon.drain()
        self.expect_alerts_of_replay(daemon, LINES)

    def test_killed_in_the_middle_it_is_ended_by_another_one_only(self):
        self.log.write_bytes(b"".join(LINES))
        daemon = self.make().start()
        wait_for(lambda: daemon.events_read() == len(LINES), "read")
        self.assertEqual(daemon.stop(), 0)
        (daemon.data_dir / "draining").touch()
        refused = subprocess.run([HARK, "run", "--config", daemon.config_path], capture_output=True, timeout=PATIENCE)
        self.assertEqual(refused.returncode, 4)
        self.assertIn(b"is being ended", refused.stderr)
        with open(self.log, "ab") as log:
            log.write(LINES[0])  # nothing is read any more
        daemon.drain()
        self.expect_alerts_of_replay(daemon, LINES)

    def test_ends_the_data_dir(self):
        self.log.write_bytes(b"".join(LINES[:2000]))
        daemon = self.make()
        daemon.drain()
        again = subprocess.run([HARK, "run", "--config", daemon.config_path], capture_output=True, timeout=PATIENCE)
        self.assertEqual(again.returncode, 4)
        self.assertIn(b"has ended", again.stderr)


class FirstTryTest(DaemonTest):
    def follow(self, *arguments):
        process = subprocess.Popen([HARK, "run", "--follow", str(self.log), "--admin", "127.0.0.1:0", *arguments],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def read_until_ready(self, process):
        lines = []
        while not lines or b"hark follows its sources" not in lines[-1]:
            line = process.stderr.readline()
            self.assertTrue(line, b"".join(lines).decode())
            lines.append(line)
        return b"".join(lines).decode()

    def test_from_start_prints_alerts_as_they_are_raised(self):
        self.log.write_bytes(b"".join(LINES))
        process = self.follow("--from-start", "--output", "jsonl")
        self.assertIn("is removed at its end", self.read_until_ready(process))
        self.assertEqual(json.loads(process.stdout.readline())["state"], "opened")
        process.terminate()
        self.assertEqual(process.wait(PATIENCE), 0)

    def test_reads_what_comes_after_the_present_end(self):
        half = len(LINES) // 2
        self.log.write_bytes(b"".join(LINES[:half]))
        process = self.follow("--output", "jsonl", "--min-level", "informational")
        self.read_until_ready(process)
        with open(self.log, "ab") as log:
            log.write(b"".join(LINES[half:]))
        first = json.loads(process.stdout.readline())
        later = self.folder / "later.log"
        later.write_bytes(b"".join(LINES[half:]))
        self.assertIn(first["id"], replayed(HARK, later))


class RotationTest(DaemonTest):
    def follow_with_kills(self, compress, kills, seed):
        seconds = 8 * SCALE
        writer = LogWriter(self.log, LINES, seed, compress, seconds)
        chance = random.Random(seed)
        daemon = self.make({"snapshot": {"interval": "1s"}})
        writer.start()
        daemon.start()
        for _ in range(kills):
            time.sleep(chance.uniform(0.2, 2 * seconds / max(kills, 1)))
            daemon.kill()
            daemon.start(wait=chance.random() < 0.7)
        writer.join()
        self.assertGreater(writer.rotations, 5)
        daemon.kill()
        daemon.drain()
        self.expect_alerts_of_replay(daemon, LINES)

    def test_by_rename(self):
        self.follow_with_kills(compress=False, kills=0, seed=1)

    def test_by_rename_with_kills(self):
        self.follow_with_kills(compress=False, kills=5 * SCALE, seed=2)

    def test_by_rename_and_compression_with_kills(self):
        self.follow_with_kills(compress=True, kills=5 * SCALE, seed=3)


class RestartTest(DaemonTest):
    def test_goes_on_from_its_last_snapshot(self):
        half = len(LINES) // 2
        self.log.write_bytes(b"".join(LINES[:half]))
        daemon = self.make().start()
        wait_for(lambda: daemon.events_read() == half, "read")
        self.assertEqual(daemon.stop(), 0)
        self.assertTrue(list((daemon.data_dir / "state").glob("*.snap")))
        with open(self.log, "ab") as log:
            log.write(b"".join(LINES[half:]))
        daemon.start()
        wait_for(lambda: daemon.events_read() == len(LINES) - half, "read the rest, and only that")
        self.assertEqual(daemon.stop(), 0)
        daemon.drain()
        self.expect_alerts_of_replay(daemon, LINES)

    def test_a_second_process_is_refused(self):
        self.log.write_bytes(b"".join(LINES[:100]))
        daemon = self.make().start()
        second = subprocess.run([HARK, "run", "--config", daemon.config_path], capture_output=True, timeout=PATIENCE)
        self.assertEqual(second.returncode, 4)
        self.assertIn(b"is in use: exactly one hark can use a data directory", second.stderr)
        self.assertEqual(daemon.get("/livez")[0], 200)

    def test_a_lost_fact_log_is_refused(self):
        self.log.write_bytes(b"".join(LINES))
        daemon = self.make().start()
        wait_for(lambda: daemon.exported(), "alerts")
        daemon.kill()
        for segment in (daemon.data_dir / "facts").iterdir():
            segment.unlink()
        refused = subprocess.run([HARK, "run", "--config", daemon.config_path], capture_output=True, timeout=PATIENCE)
        self.assertEqual(refused.returncode, 4)
        self.assertIn(b"a part of the fact log is gone", refused.stderr)

    def test_a_lost_database_is_made_again_or_refused(self):
        self.log.write_bytes(b"".join(LINES))
        daemon = self.make().start()
        wait_for(lambda: daemon.events_read() == len(LINES), "read")
        self.assertEqual(daemon.stop(), 0)
        for file in daemon.data_dir.glob("hark.db*"):
            file.unlink()
        daemon.alerts_path.unlink()
        daemon.drain()
        self.expect_alerts_of_replay(daemon, LINES)


class ClockTest(DaemonTest):
    def test_jumps_change_nothing(self):
        library = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
        clock = self.folder / "clock"
        clock.write_text("+0\n")
        environment = dict(os.environ, LD_PRELOAD=str(library), FAKETIME_TIMESTAMP_FILE=str(clock), FAKETIME_NO_CACHE="1",
                           FAKETIME_DONT_FAKE_MONOTONIC="1", FAKETIME_DONT_RESET="1")
        writer = LogWriter(self.log, LINES, 5, False, 6)
        daemon = self.make(environment=environment).start()
        writer.start()
        for jump in ("+5h", "-7h", "+0", "-30d", "+400d"):
            time.sleep(1)
            clock.write_text(jump + "\n")
        writer.join()
        wait_for(lambda: daemon.events_read() == len(LINES), "read")
        self.assertEqual(daemon.stop(), 0)
        clock.write_text("-3h\n")
        daemon.drain()
        self.expect_alerts_of_replay(daemon, LINES)


class DiskFullTest(DaemonTest):
    def setUp(self):
        super().setUp()
        self.small = self.folder / "small"
        self.small.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m,mode=0700", "tmpfs", self.small], check=True)
        self.addCleanup(lambda: subprocess.run(["umount", "-l", self.small], check=True))
        self.addCleanup(self.kill_all)

    def test_reading_stops_and_goes_on(self):
        half = len(LINES) // 2
        self.log.write_bytes(b"".join(LINES[:half]))
        daemon = self.make({"data_dir": str(self.small / "data")})
        daemon.data_dir = self.small / "data"
        daemon.start()
        wait_for(lambda: daemon.events_read() == half, "read")
        filler = self.small / "filler"
        with open(filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass
        with open(self.log, "ab") as log:
            log.write(b"".join(LINES[half:]))
        wait_for(lambda: daemon.messages("fact_log_failed") or daemon.messages("commit_failed"), "said that it cannot write")
        self.assertEqual(daemon.get("/livez")[0], 200)
        filler.unlink()
        wait_for(lambda: daemon.status()["sources"][0]["position"] >= self.log.stat().st_size, "read on")
        self.assertEqual(daemon.stop(), 0)
        daemon.drain()
        self.expect_alerts_of_replay(daemon, LINES)


if __name__ == "__main__":
    HARK = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
