#!/usr/bin/env python3
"""A log is read in 200 MB and six times its largest event, whatever it is made of and however many threads read.

Each case writes a log to a pipe or a file, replays it, and looks at the most that was resident. HARK_SYSTEM_SCALE: 1 for every change, 10 for the nightly run, whose logs
are longer and whose events are as large as they may be. With smaller events 200 MB would hide how often one is held, so there the bound is 100 MB and six times the
largest.

usage: memory_test.py HARK [unittest arguments]
"""

import base64
import gzip
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

HARK = ""
ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKED = ROOT / "tests/data/kube-1.20/audit-typical.jsonl.zst"
LINES = subprocess.run(["zstd", "-q", "-d", "-c", PACKED], check=True, capture_output=True).stdout.splitlines(keepends=True)
PLAIN = b"".join(LINES)
SCALE = int(os.environ.get("HARK_SYSTEM_SCALE", "1"))
MB = 1000 * 1000
MIB = 1 << 20
BASE = 100 if SCALE == 1 else 200  # MB
# Runs a command and prints the most that was resident of it, in KiB. Not a matter of this process, whose own memory a child begins with.
METER = """
import os, sys
_, status, usage = os.wait4(os.spawnv(os.P_NOWAIT, sys.argv[1], sys.argv[1:]), 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""
LARGE = 57 * MIB if SCALE > 1 else 12 * MIB  # the largest event


def hour(number):
    """The recorded log, so many hours later."""
    day, hour_of_day = divmod(18 + number, 24)
    return PLAIN.replace(b"2026-11-23T18:", b"2026-11-%02dT%02d:" % (23 - 22 + day, hour_of_day))


def brackets(size):
    """The JSON of lists in a list, nearly all brackets: simdjson needs four bytes for each."""
    return b"[" + b"[],[]," * (size // 6) + b"0]"


def large_event(size, event=LINES[1], key=b"requestObject"):
    return event.strip().replace(b"{", b'{"' + key + b'":' + brackets(size) + b",", 1)


class MemoryTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def replay(self, *inputs, chunks=(), options=()):
        """How many events there were, and the most that was resident, in MB."""
        text, resident = self.run_hark("--now", "2028-01-01T00:00:00Z", *options, *inputs, chunks=chunks)
        found = re.search(r"([\d,]+) events, 0 skipped, 0 rejected", text)
        self.assertTrue(found, text)
        return int(found.group(1).replace(",", "")), resident

    def run_hark(self, *arguments, chunks=()):
        """The report, and the most that was resident, in MB."""
        command = [sys.executable, "-S", "-c", METER, HARK, "replay", "--output", "none", *arguments]
        with open(self.folder / "report", "w+", encoding="utf-8") as report, \
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=report) as process:
            for chunk in chunks:
                process.stdin.write(chunk)
            process.stdin.close()
            resident = process.stdout.read()
            self.assertEqual(process.wait(), 0)
            report.seek(0)
            return report.read(), int(resident) * 1024 / MB

    def assert_bounded(self, largest, events, *inputs, **options):
        found, resident = self.replay(*inputs, **options)
        self.assertEqual(found, events)
        print(f"{self.id().split('.')[-1]}: {resident:.0f} MB resident", file=sys.stderr)
        self.assertLess(resident, BASE + 6 * largest / MB)

    def test_a_long_log(self):
        hours = 4 * SCALE ** 2
        for name, filters in {"plain": None, "gzip": ["gzip", "-1"], "zstd": ["zstd", "-q", "-c"]}.items():
            with self.subTest(name):
                chunks = map(hour, range(hours))
                if filters is None:
                    self.assert_bounded(20_000, hours * len(LINES), "-", chunks=chunks)
                    continue
                path = self.folder / name
                with open(path, "wb") as file, subprocess.Popen(filters, stdin=subprocess.PIPE, stdout=file) as packer:
                    for chunk in chunks:
                        packer.stdin.write(chunk)
                    packer.stdin.close()
                self.assert_bounded(20_000, hours * len(LINES), path)

    def test_several_logs_at_a_time(self):
        for i in range(8):
            data = b"".join(LINES[i::8])
            pack = {0: lambda text: text, 1: gzip.compress,
                    2: lambda text: subprocess.run(["zstd", "-q", "-19", "-c"], input=text, check=True, capture_output=True).stdout}[i % 3]
            (self.folder / f"apiserver-{chr(97 + i)}.json").write_bytes(pack(data))
        (self.folder / "report").unlink(missing_ok=True)
        logs = sorted(self.folder.glob("apiserver*"))
        # Three windows of zstd, and what eight threads have in work.
        self.assert_bounded((200 - BASE) * MB / 6, len(LINES), *logs, options=("--threads", "8"))

    def test_a_large_event(self):
        event = large_event(LARGE)
        for name, data in {"in the middle": LINES[0] + event + b"\n" + LINES[2], "without line feeds": event + LINES[2].strip()}.items():
            with self.subTest(name):
                path = self.folder / "audit.log"
                path.write_bytes(data)
                self.assert_bounded(len(event), data.count(b'"auditID"'), path)

    def test_a_large_event_in_a_list_in_gzip(self):
        event = large_event(LARGE)
        path = self.folder / "audit.log.gz"
        path.write_bytes(gzip.compress(b'{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[' + LINES[0].strip() + b"," + event + b"]}", 1))
        self.assert_bounded(len(event), 2, path)

    def test_a_large_event_in_a_wrapper(self):
        event = large_event(LARGE - 7 * MIB if SCALE > 1 else LARGE)
        path = self.folder / "audit.log"
        for name, data in {"message": json.dumps({"message": event.decode()}).encode(),
                           "payload": json.dumps({"awslogs": {"data": base64.b64encode(gzip.compress(event, 1)).decode()}}).encode()}.items():
            with self.subTest(name):
                path.write_bytes(data)
                self.assert_bounded(len(event), 1, path)

    def test_a_large_event_that_a_rule_looks_into(self):
        rules = self.folder / "pods.yml"
        rules.write_text("""
title: Pod in the host's namespace of processes
id: 5b1d3a3e-0a3b-4f3c-9a52-0e6c3f0b7d11
name: host_pid
logsource: {product: kubernetes, service: audit}
detection:
  selection: {verb: create, objectRef.resource: pods, requestObject.spec.hostPID: true, responseObject.status.phase: Pending}
  condition: selection
level: high
""")
        pod = json.loads(next(line for line in LINES if b'"verb":"create"' in line and b'"resource":"pods"' in line and b'"subresource"' not in line))
        pod.update(requestObject={"spec": {"hostPID": True}}, responseObject={"status": {"phase": "Pending"}})
        path = self.folder / "audit.log"
        for key in (b"other", b"spec"):
            with self.subTest(key):
                event = json.dumps(pod).encode()
                if key == b"other":
                    event = large_event(LARGE, event, key)
                else:
                    event = event.replace(b'"hostPID"', b'"list":' + brackets(LARGE) + b',"hostPID"')
                path.write_bytes(event + b"\n")
                self.assert_bounded(len(event), 1, path, options=("--rules", rules, "--threads", "1"))
                self.assertIn("Matched  1 events", (self.folder / "report").read_text())

    def test_many_large_events_and_many_threads(self):
        event = large_event(30 * MIB if SCALE > 1 else 8 * MIB)
        for i in range(4):
            (self.folder / f"apiserver-{chr(97 + i)}.json").write_bytes((LINES[i] + event + b"\n") * 2)
        logs = sorted(self.folder.glob("apiserver*"))
        # One event at a time, and its memory given back: eight would take 400 MB, and what malloc keeps for each thread 100.
        self.assert_bounded(len(event), 16, *logs, options=("--threads", "8"))
        with self.subTest("one log"):
            self.assert_bounded(len(event), 4, logs[0], options=("--threads", "8"))

    def test_payloads_that_grow(self):
        """Records of some 100 KB that hold 40 MB of events, nightly 100 MB, for every thread one."""
        size = 100 * MIB if SCALE > 1 else 40 * MIB
        payload = json.dumps({"messageType": "DATA_MESSAGE", "logGroup": "/aws/eks/prod/cluster", "logStream": "kube-apiserver-audit-0",
                              "logEvents": [{"id": "1", "timestamp": 1, "message": LINES[1].decode().strip()}] * (size // len(LINES[1]))})
        record = json.dumps({"awslogs": {"data": base64.b64encode(gzip.compress(payload.encode(), 6)).decode()}}).encode() + b"\n"
        path = self.folder / "audit.log"
        path.write_bytes(record * 4)
        # One of them at a time.
        self.assert_bounded(min(size, (200 - BASE) * MB) / 6, 4 * payload.count('"message"'), path, options=("--threads", "4"))

    def test_records_over_the_limit(self):
        chunk = b"x" * MIB
        path = self.folder / "audit.log"
        with open(path, "wb") as file:
            for _ in range(3):
                file.write(b'{"a":"')
                for _ in range(300 if SCALE > 1 else 70):
                    file.write(chunk)
                file.write(b'"}\n')
            file.write(LINES[0])
        text, resident = self.run_hark(path)
        self.assertRegex(text, r"1 events, 0 skipped, 3 rejected \(3 too large\)")
        self.assertLess(resident, 200)  # up to the limit it might be an event


if __name__ == "__main__":
    HARK = os.path.abspath(sys.argv.pop(1))
    unittest.main()
