#!/usr/bin/env python3
"""Files that change, vanish or cannot be read stop nothing, and very many of them are read.

Each test looks at one process that reads real files, stopped where the test needs it: at an offset that /proc tells, or at a pipe that brings nothing yet.

usage: files_test.py HARK [unittest arguments]
"""

import gzip
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

HARK = ""
ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKED = ROOT / "tests/data/kube-1.20/audit-typical.jsonl.zst"
LINES = subprocess.run(["zstd", "-q", "-d", "-c", PACKED], check=True, capture_output=True).stdout.splitlines(keepends=True)
PLAIN = b"".join(LINES)
OPTIONS = ["--now", "2027-01-01T00:00:00Z", "--output", "none"]
SANITIZED = os.environ.get("HARK_SANITIZED") == "1"


def counts(report):
    """events, skipped and rejected records, by the statistics; and that they are all."""
    number = lambda text: int(text.replace(",", ""))
    records = number(re.search(r"Input +([\d,]+) records", report).group(1))
    found = tuple(map(number, re.search(r"([\d,]+) events, ([\d,]+) skipped.*?, ([\d,]+) rejected", report).groups()))
    assert records == sum(found), report
    return found


def wait_for(condition):
    deadline = time.monotonic() + 60
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("it did not happen")
        time.sleep(0.002)


class FilesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.logs = self.folder / "logs"
        self.logs.mkdir()

    def start(self, *arguments, **options):
        process = subprocess.Popen([HARK, "replay", *OPTIONS, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        return process

    def end(self, process, code=0):
        report = process.communicate(timeout=300)[1]
        self.assertEqual(process.returncode, code, report)
        return counts(report), report


class ChangingFileTest(FilesTest):
    """A file of 54 MB that is changed when some of it, and not all, was read."""

    def stopped_while_reading(self, path):
        process = self.start(path)

        def position():
            for fd in pathlib.Path(f"/proc/{process.pid}/fd").iterdir():
                try:
                    if os.readlink(fd) == str(path):
                        text = pathlib.Path(f"/proc/{process.pid}/fdinfo/{fd.name}").read_text()
                        return int(re.search(r"pos:\s*(\d+)", text).group(1))
                except FileNotFoundError:
                    pass
            return 0

        wait_for(lambda: position() > 0)
        process.send_signal(signal.SIGSTOP)
        wait_for(lambda: ") T " in pathlib.Path(f"/proc/{process.pid}/stat").read_text())
        read = position()
        self.assertTrue(0 < read < path.stat().st_size, read)
        return process, read

    def go_on(self, process, code=0):
        process.send_signal(signal.SIGCONT)
        return self.end(process, code)

    def setUp(self):
        super().setUp()
        self.path = self.logs / "audit.json"
        self.path.write_bytes(2 * PLAIN)

    def test_what_is_appended_is_read(self):
        process, _ = self.stopped_while_reading(self.path)
        with open(self.path, "ab") as file:
            file.write(PLAIN)
        self.assertEqual(self.go_on(process)[0], (3 * len(LINES), 0, 0))

    def test_a_file_that_is_cut_ends_there(self):
        process, read = self.stopped_while_reading(self.path)
        os.truncate(self.path, read // 2)
        events, skipped, rejected = self.go_on(process)[0]
        self.assertEqual(events, (2 * PLAIN)[:read].count(b"\n"))
        self.assertEqual((skipped, rejected), (0, 1))  # the record within which the file now ends

    def test_a_log_that_is_copied_and_cut_while_it_is_read_ends_there(self):
        process, read = self.stopped_while_reading(self.path)
        os.truncate(self.path, 0)
        with open(self.path, "ab") as file:
            file.write(b"".join(LINES[:10]))
        events, skipped, rejected = self.go_on(process)[0]
        self.assertEqual(events, (2 * PLAIN)[:read].count(b"\n"))
        self.assertEqual((skipped, rejected), (0, 1))

    def test_a_file_that_vanishes_while_it_is_open_is_read(self):
        process, _ = self.stopped_while_reading(self.path)
        self.path.unlink()
        self.assertEqual(self.go_on(process)[0], (2 * len(LINES), 0, 0))

    def test_a_compressed_file_that_is_cut_is_damaged(self):
        packed = self.logs / "audit.json.gz"
        packed.write_bytes(b"".join(gzip.compress(PLAIN, 1) for _ in range(4)))
        process, read = self.stopped_while_reading(packed)
        os.truncate(packed, read)
        events, _, rejected = self.go_on(process)[0]
        self.assertGreater(events, 0)
        self.assertIn(rejected, (1, 2))  # the damage, and the record that it cuts
        self.assertLess(events, 4 * len(LINES))


class BeforeItIsReadTest(FilesTest):
    """Files that were found, and are changed before their turn: a pipe that brings nothing yet is read first."""

    def at_the_pipe(self, *arguments):
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        process = self.start(pipe, *arguments)
        writer = open(pipe, "wb")
        self.addCleanup(writer.close)

        def cpu():
            return pathlib.Path(f"/proc/{process.pid}/stat").read_text().split()[13:15]

        idle, last = 0, cpu()
        while idle < 20:
            time.sleep(0.02)
            idle, last = (idle + 1, last) if cpu() == last else (0, cpu())
        return process, writer

    def write(self, name, lines):
        (self.logs / name).write_bytes(b"".join(lines))

    def test_a_file_that_vanishes_is_named_and_the_others_are_read(self):
        self.write("a.json", LINES[:100])
        self.write("b.json", LINES[100:200])
        process, writer = self.at_the_pipe(self.logs)
        (self.logs / "b.json").unlink()
        writer.close()
        found, report = self.end(process, code=4)
        self.assertEqual(found, (100, 0, 0))
        self.assertRegex(report, r"hark: cannot open \S+b.json: No such file or directory")

    def test_a_file_that_grows_or_shrinks_is_read_as_it_then_is(self):
        self.write("a.json", LINES[:100])
        self.write("b.json", LINES[100:200])
        process, writer = self.at_the_pipe(self.logs)
        self.write("a.json", LINES[:150])
        self.write("b.json", LINES[100:110])
        writer.close()
        self.assertEqual(self.end(process)[0], (160, 0, 0))

    def test_a_file_of_a_series_that_vanishes_is_named_and_the_others_are_read(self):
        for name, first in (("audit-2026-11-23T18-20-00.000.log", 0), ("audit-2026-11-23T18-21-00.000.log", 10), ("audit.log", 20)):
            self.write(name, LINES[first:first + 10])
        process, writer = self.at_the_pipe(self.logs)
        (self.logs / "audit-2026-11-23T18-21-00.000.log").unlink()
        writer.close()
        found, report = self.end(process, code=4)
        self.assertEqual(found, (20, 0, 0))
        self.assertRegex(report, r"hark: cannot open \S+T18-21-00.000.log: No such file")


class UnreadableFileTest(FilesTest):
    """What the user may not read. Run as root this runs hark as nobody."""

    def run_as_nobody(self, *arguments, code):
        command = [HARK, "replay", *OPTIONS, *arguments]
        options = {}
        if os.geteuid() == 0:
            # What is built may lie where nobody may look.
            shutil.copy(HARK, self.folder / "hark")
            os.chmod(self.folder, 0o755)
            command[0] = str(self.folder / "hark")
            options = {"user": "nobody", "group": "nogroup", "extra_groups": []}
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, cwd="/", **options)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stderr

    def setUp(self):
        super().setUp()
        for name in ("a.json", "b.json"):
            (self.logs / name).write_bytes(b"".join(LINES[:100]))
        (self.logs / "b.json").chmod(0)

    def test_one_that_is_named_is_told_and_the_others_are_read(self):
        report = self.run_as_nobody(self.logs / "a.json", self.logs / "b.json", code=4)
        self.assertEqual(counts(report), (100, 0, 0))
        self.assertRegex(report, r"hark: cannot open \S+b.json: Permission denied")

    def test_one_in_a_folder_is_told_and_the_others_are_read(self):
        report = self.run_as_nobody(self.logs, code=4)
        self.assertEqual(counts(report), (100, 0, 0))
        self.assertEqual(len(re.findall(r"cannot open \S+b.json: Permission denied", report)), 1)

    def test_one_that_a_pattern_names_is_told_and_the_others_are_read(self):
        report = self.run_as_nobody(f"{self.logs}/*.json", code=4)
        self.assertEqual(counts(report), (100, 0, 0))
        self.assertIn("b.json: Permission denied", report)

    def test_a_folder_within_the_folder_is_told(self):
        (self.logs / "deep").mkdir()
        (self.logs / "deep" / "c.json").write_bytes(PLAIN)
        (self.logs / "deep").chmod(0)
        self.addCleanup((self.logs / "deep").chmod, 0o700)
        report = self.run_as_nobody(self.logs / "a.json", self.logs, code=4)
        self.assertEqual(counts(report), (100, 0, 0))
        self.assertRegex(report, r"hark: cannot read \S+deep: Permission denied")

    def test_where_nothing_can_be_read_that_is_all(self):
        report = self.run_as_nobody(self.logs / "b.json", code=4)
        self.assertRegex(report, r"^hark: cannot open \S+b.json: Permission denied\n$")


class ManyFilesTest(FilesTest):
    def test_a_folder_of_a_hundred_thousand_files_is_read_in_little_memory(self):
        files = 10_000 if SANITIZED else 100_000
        for i in range(files):
            folder = self.logs / str(i // 1000)
            if i % 1000 == 0:
                folder.mkdir()
            # Names in another order than times.
            (folder / f"{i * 7 % 1000}.json").write_bytes(LINES[i % len(LINES)])
        process = self.start(self.logs, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256)))
        report = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 0, report)
        self.assertEqual(counts(report), (files, 0, 0))
        if not SANITIZED:
            self.assertLess(usage.ru_maxrss, 200 * 1000, "KiB")


if __name__ == "__main__":
    HARK = os.path.abspath(sys.argv.pop(1))
    unittest.main()
