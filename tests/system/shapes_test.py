#!/usr/bin/env python3
"""Every shape of an audit log gives the same alerts, and no damage hides what is around it.

Takes the recorded log that comes with the source, writes it down in every shape that hark reads, and replays each. Then damages it in every way, and
checks that each damage is counted by its reason, that it lies in the quarantine, and that records = events + skipped + rejected.

usage: shapes_test.py HARK [unittest arguments]
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
EVENTS = 6000  # of the log: enough for alerts, and quick
TIME = "2026-11-23T18:40:00.123456Z"


def zstd(data, *options):
    return subprocess.run(["zstd", "-q", "-c", *options], input=data, check=True, capture_output=True).stdout


LINES = subprocess.run(["zstd", "-q", "-d", "-c", PACKED], check=True, capture_output=True).stdout.splitlines(keepends=True)[:EVENTS]
TEXTS = [line.decode().rstrip("\n") for line in LINES]
DOCUMENTS = [json.loads(line) for line in LINES]
PLAIN = b"".join(LINES)


def cloudwatch(texts):
    return {"messageType": "DATA_MESSAGE", "owner": "111122223333", "logGroup": "/aws/eks/prod/cluster",
            "logStream": "kube-apiserver-audit-0123456789abcdef0123456789abcdef", "subscriptionFilters": ["hark"],
            "logEvents": [{"id": str(i), "timestamp": 1, "message": text} for i, text in enumerate(texts)]}


def packed(value):
    return base64.b64encode(gzip.compress(json.dumps(value).encode())).decode()


def chunks(size):
    return [TEXTS[i:i + size] for i in range(0, len(TEXTS), size)]


def cri(text):
    """A line of the container runtime, which cuts at 16 KiB; here much earlier."""
    pieces = [text[i:i + 700] for i in range(0, len(text), 700)]
    return "".join(f"{TIME} stdout {'F' if i == len(pieces) - 1 else 'P'} {piece}\n" for i, piece in enumerate(pieces))


def event_list(documents):
    items = [{key: value for key, value in document.items() if key not in ("kind", "apiVersion")} for document in documents]
    return {"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "metadata": {}, "items": items}


def aks(texts):
    return {"records": [{"time": TIME, "category": "kube-audit", "operationName": "op",
                         "resourceId": "/SUBSCRIPTIONS/X/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/PROD",
                         "properties": {"log": text + "\n" if i % 2 else json.loads(text), "stream": "stdout"}} for i, text in enumerate(texts)]}


SHAPES = {
    "json_array": lambda: json.dumps(DOCUMENTS),
    "array_an_item_a_line": lambda: "[\n" + ",\n".join(TEXTS) + "\n]\n",
    "event_list": lambda: json.dumps(event_list(DOCUMENTS)),
    "event_lists_a_line_each": lambda: "".join(json.dumps(event_list(DOCUMENTS[i:i + 400])) + "\n" for i in range(0, EVENTS, 400)),
    "pretty": lambda: "\n".join(json.dumps(document, indent=4) for document in DOCUMENTS),
    "pretty_event_list": lambda: json.dumps(event_list(DOCUMENTS), indent=1),
    "concatenated": lambda: "".join(TEXTS),
    "keys_sorted": lambda: "".join(json.dumps(document, sort_keys=True) + "\n" for document in DOCUMENTS),
    "crlf": lambda: "".join(text + "\r\n" for text in TEXTS),
    "byte_order_mark": lambda: "\ufeff" + "".join(text + "\n" for text in TEXTS),
    "hole_of_nuls": lambda: "\0" * 100_000 + "".join(text + "\n" for text in TEXTS),
    "shipper_message": lambda: "".join(json.dumps({"@timestamp": TIME, "message": text}) + "\n" for text in TEXTS),
    "shipper_log": lambda: "".join(json.dumps({"log": text + "\n", "stream": "stdout"}) + "\n" for text in TEXTS),
    "cri": lambda: "".join(map(cri, TEXTS)),
    "export_task": lambda: "".join(f"{TIME} {text}\n" for text in TEXTS),
    "cloudwatch": lambda: "".join(json.dumps(cloudwatch(texts)) for texts in chunks(100)),
    "awslogs": lambda: "".join(json.dumps({"awslogs": {"data": packed(cloudwatch(texts))}}) + "\n" for texts in chunks(100)),
    "kinesis": lambda: "".join(json.dumps({"Records": [{"kinesis": {"data": packed(cloudwatch(texts))}}]}) for texts in chunks(300)),
    "firehose": lambda: "".join(json.dumps({"requestId": "1", "records": [{"data": packed(cloudwatch(texts))}]}) for texts in chunks(300)),
    "aks": lambda: "".join(json.dumps(aks(texts)) + "\n" for texts in chunks(50)),
    "openshift": lambda: "".join(json.dumps({"@timestamp": TIME, "log_type": "audit", "log_source": "kubeAPI", **d}) + "\n" for d in DOCUMENTS),
}


class ShapesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.quarantine = self.folder / "quarantine.jsonl"

    def write(self, name, data):
        path = self.folder / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    def replay(self, *paths, code=0, options=("--cluster", "lab")):
        """The alerts, and how many records became what."""
        command = [HARK, "replay", "--now", "2026-11-25T00:00:00Z", "--output", "jsonl", "--quarantine", self.quarantine, *options, *paths]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, code, done.stderr)
        if folder := os.environ.get("HARK_ALERT_LINES"):
            os.makedirs(folder, exist_ok=True)
            with open(pathlib.Path(folder) / f"shapes-{os.getpid()}.jsonl", "a", encoding="utf-8") as file:
                file.write(done.stdout)
        return done.stdout, self.counts(done.stderr)

    def counts(self, report):
        number = lambda text: int(text.replace(",", ""))
        records = number(re.search(r"Input +([\d,]+) records", report).group(1))
        events, skipped, rejected = map(number, re.search(r"([\d,]+) events, ([\d,]+) skipped.*?, ([\d,]+) rejected", report).groups())
        self.assertEqual(records, events + skipped + rejected)
        reasons = {}
        if match := re.search(r"rejected \((.*)\)", report):
            for part in match.group(1).split(", "):
                count, reason = part.split(" ", 1)
                reasons[reason.replace(" ", "_")] = number(count)
        self.assertEqual(sum(reasons.values()), rejected)
        entries = [json.loads(line) for line in self.quarantine.read_text().splitlines()]
        in_quarantine = {}
        for entry in entries:
            in_quarantine[entry["reason"]] = in_quarantine.get(entry["reason"], 0) + 1
        in_quarantine.pop("too_late", None)
        self.assertEqual(in_quarantine, reasons)
        return {"events": events, "skipped": skipped, "reasons": reasons}

    def expected_alerts(self):
        if not hasattr(ShapesTest, "alerts"):
            ShapesTest.alerts, counts = self.replay(self.write("plain.log", PLAIN))
            self.assertEqual(counts, {"events": EVENTS, "skipped": 0, "reasons": {}})
            self.assertGreater(ShapesTest.alerts.count("\n"), 3)
        return ShapesTest.alerts

    def assert_same(self, *paths):
        expected = self.expected_alerts()
        alerts, counts = self.replay(*paths)
        self.assertEqual(counts, {"events": EVENTS, "skipped": 0, "reasons": {}})
        self.assertEqual(alerts, expected)

    def test_every_shape_gives_the_same_alerts(self):
        for name, shape in SHAPES.items():
            with self.subTest(name):
                self.assert_same(self.write(name, shape()))

    def test_every_compression_gives_the_same_alerts(self):
        half = PLAIN.index(LINES[EVENTS // 2])
        for name, data in {
                "gzip": gzip.compress(PLAIN),
                "gzip_members": gzip.compress(PLAIN[:half]) + gzip.compress(PLAIN[half:]),
                "gzip_members_within_a_record": gzip.compress(PLAIN[:half + 100]) + gzip.compress(PLAIN[half + 100:]),
                "zstd": zstd(PLAIN),
                "zstd_frames": zstd(PLAIN[:half + 7]) + zstd(PLAIN[half + 7:], "-19"),
                "gzip_padded": gzip.compress(PLAIN) + bytes(512),
        }.items():
            with self.subTest(name):
                self.assert_same(self.write(name, data))

    def test_a_wrapper_names_the_cluster_where_the_user_does_not(self):
        for name, cluster in {"awslogs": "prod", "aks": "PROD", "concatenated": "default"}.items():
            with self.subTest(name):
                alerts, _ = self.replay(self.write(name, SHAPES[name]()), options=())
                self.assertEqual({json.loads(line)["cluster"] for line in alerts.splitlines()}, {cluster})

    def test_a_log_and_its_rotated_files_are_one(self):
        logs = self.folder / "logs"
        logs.mkdir()
        thirds = [b"".join(LINES[i:i + 2000]) for i in (0, 2000, 4000)]
        (logs / "audit-2026-11-23T18-20-00.000.log.gz").write_bytes(gzip.compress(thirds[0]))
        (logs / "audit-2026-11-23T18-25-00.000.log").write_bytes(thirds[1])
        (logs / "audit.log").write_bytes(thirds[2])
        self.assert_same(logs)
        self.assert_same(logs / "audit*.log*")

    def test_independent_logs_are_merged_by_event_time(self):
        logs = self.folder / "logs"
        logs.mkdir()
        for i in range(7):
            data = b"".join(LINES[i::7])
            (logs / f"apiserver-{chr(97 + i)}.json").write_bytes(gzip.compress(data) if i % 2 else data)
        self.assert_same(logs)

    def damaged(self, data, code=0):
        return self.replay(self.write("damaged.log", data), code=code)[1]

    def test_damage_is_counted_by_its_reason(self):
        first, last = LINES[0], LINES[EVENTS - 1]
        good = b"".join(LINES[:10])
        cut = first[:len(first) // 2]
        deep = b'{"kind":"Event","a":' + b"[" * 10_000 + b"]" * 10_000 + b"," + first[1:]
        wrapped = json.dumps({"awslogs": {"data": packed(cloudwatch(TEXTS[:3]))}})
        for name, data, events, reasons in [
                ("last_line", good + last[:50], 10, {"truncated": 1}),
                ("line_in_the_middle", good + cut + b"\n" + good, 20, {"truncated": 1}),
                ("pretty_document", good + json.dumps(DOCUMENTS[0], indent=2).encode()[:400] + b"\n" + good, 20, {"truncated": 1}),
                ("list_without_its_end", b"[" + b",".join(LINES[:10])[:-30], 9, {"truncated": 1}),
                ("other_text", good + b"I1123 18:04:22.921545 1 audit.go:1] no event\n" + good, 20, {"malformed": 1}),
                ("brackets", good + b'{"a":]}\n' + good, 20, {"malformed": 1}),
                ("scalars", good + b"1\ntrue\n" + good, 20, {"not_an_object": 2}),
                ("no_audit_id", good + first.replace(b'"auditID"', b'"no"'), 10, {"missing_field": 1}),
                ("number_as_time", good + re.sub(rb'"stageTimestamp":"[^"]*"', b'"stageTimestamp":1e400', first), 10, {"wrong_type": 1}),
                ("no_time", good + re.sub(rb'"stageTimestamp":"[^"]*"', b'"stageTimestamp":"noon"', first), 10, {"bad_value": 1}),
                ("future", good + re.sub(rb'"stageTimestamp":"2026', b'"stageTimestamp":"2036', first), 10, {"future": 1}),
                ("too_large", good + b'{"a":"' + b"x" * (65 << 20) + b'"}\n' + good, 20, {"too_large": 1}),
                ("too_large_without_line_feeds", first.strip() + b'{"a":"' + b"x" * (65 << 20) + b'"}' + first.strip(), 2, {"too_large": 1}),
                ("too_large_in_a_list", b"[" + first + b',{"a":"' + b"x" * (65 << 20) + b'"},' + first + b"]", 2, {"too_large": 1}),
                ("base64", good + wrapped.replace("H4sI", "H4s*").encode() + b"\n" + good, 20, {"bad_envelope": 1}),
                ("cut_message", good + json.dumps({"message": TEXTS[0][:300]}).encode() + b"\n" + good, 20, {"truncated": 1}),
                ("deep", good + deep + good, 21, {}),
                ("not_utf8", good + first.replace(b'"userAgent":"', b'"userAgent":"\xff\xfe') + good, 21, {}),
                ("duplicate_keys", good + first.replace(b"{", b'{"auditID":1,', 1), 11, {}),
                ("blank", b"", 0, {}),
        ]:
            with self.subTest(name):
                counts = self.damaged(data)
                self.assertEqual((counts["events"], counts["reasons"]), (events, reasons))

    def test_damaged_compression_costs_no_more_than_what_is_damaged(self):
        halves = [b"".join(LINES[:3000]), b"".join(LINES[3000:])]
        for name, pack in {"gzip": gzip.compress, "zstd": zstd}.items():
            first, second = map(pack, halves)
            with self.subTest(name + ", cut off"):
                counts = self.damaged(first + second[:len(second) // 2])
                self.assertGreaterEqual(counts["events"], 3000)
                self.assertEqual(counts["reasons"].get("damaged"), 1)
            with self.subTest(name + ", bytes changed"):
                broken = bytearray(first)
                broken[len(first) // 2:len(first) // 2 + 8] = b"\xff" * 8
                counts = self.damaged(bytes(broken) + second)
                self.assertGreaterEqual(counts["events"], 3000)
                self.assertEqual(counts["reasons"].get("damaged"), 1)

    def test_odd_events_are_events(self):
        odd = []
        for change in ({"verb": ""}, {"objectRef": {"namespace": "a"}}, {"requestObject": [{"op": "add", "path": "/a"}]},
                       {"auditID": "x" * 5000}, {"objectRef": {"resource": "secrets", "name": "a\0b\n", "namespace": "a"}}):
            odd.append({**DOCUMENTS[0], **change})
        counts = self.damaged("".join(json.dumps(event) + "\n" for event in odd))
        self.assertEqual(counts, {"events": len(odd), "skipped": 0, "reasons": {}})

    def test_a_log_with_many_rejected_records_ends_with_advice(self):
        path = self.write("damaged.log", PLAIN[:20_000] + b"\n" + b"text\n" * 50)
        done = subprocess.run([HARK, "replay", "--output", "none", path], check=True, capture_output=True, text=True)
        self.assertRegex(done.stderr, r"warning: .* % of the records were rejected, most as \"malformed\": \S")

    def test_an_input_that_cannot_be_read_does_not_hide_the_others(self):
        good = self.write("good.log", PLAIN)
        alerts, counts = self.replay(good, self.folder / "missing.log", code=4)
        self.assertEqual(counts["events"], EVENTS)
        self.assertEqual(alerts, self.expected_alerts())


if __name__ == "__main__":
    HARK = os.path.abspath(sys.argv.pop(1))
    unittest.main()
