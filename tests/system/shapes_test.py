#!/usr/bin/env python3
"""Every shape of an audit log gives the same alerts, and no damage hides what is around it.

Takes the recorded log that comes with the source, writes it down in every shape that hark reads, and replays each. Then damages it in every way, and
checks that each damage is counted by its reason, that it lies in the quarantine, and that records = events + skipped + rejected.

usage: shapes_test.py HARK [unittest arguments]
"""

import base64
import gzip
import hashlib
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import unittest

HARK = ""
ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKED = ROOT / "tests/data/kube-1.20/audit-typical.jsonl.zst"
FIRST, EVENTS = 3000, 2000  # of the log: enough for alerts, and quick
SMALL = ("--max-record-bytes", str(1 << 20))  # a limit that is exceeded quickly
TIME = "2026-11-23T18:40:00.123456Z"


def zstd(data, *options):
    return subprocess.run(["zstd", "-q", "-c", *options], input=data, check=True, capture_output=True).stdout


LINES = subprocess.run(["zstd", "-q", "-d", "-c", PACKED], check=True, capture_output=True).stdout.splitlines(keepends=True)[FIRST:FIRST + EVENTS]
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


def gke(document):
    """The LogEntry that GKE would write: another schema, with less in it."""
    ref = document["objectRef"]
    names = [ref.get("apiGroup", "core"), ref["apiVersion"]]
    names += ["namespaces", ref["namespace"]] if ref.get("namespace") and ref["resource"] != "namespaces" else []
    names += [ref["resource"]] + [ref[key] for key in ("name", "subresource") if key in ref]
    method = ".".join(["io.k8s", ref["resource"], *([ref["subresource"]] if "subresource" in ref else []), document["verb"]])
    code = document.get("responseStatus", {}).get("code", 200)
    return {"protoPayload": {"@type": "type.googleapis.com/google.cloud.audit.AuditLog", "serviceName": "k8s.io", "methodName": method,
                             "resourceName": "/".join(names), "authenticationInfo": {"principalEmail": document["user"].get("username", "")},
                             "requestMetadata": {"callerIp": document["sourceIPs"][-1], "callerSuppliedUserAgent": document.get("userAgent", "")},
                             "status": {"code": {403: 7, 404: 5, 401: 16}[code]} if code >= 400 and code in (401, 403, 404) else {}},
            "insertId": "i", "resource": {"type": "k8s_cluster", "labels": {"cluster_name": "prod"}}, "timestamp": document["stageTimestamp"],
            "labels": document.get("annotations", {}), "operation": {"id": document["auditID"], "producer": "k8s.io", "first": True, "last": True},
            "logName": "projects/p/logs/cloudaudit.googleapis.com%2Factivity"}


def nested(text, times):
    """A text in so many wrappers."""
    for _ in range(times):
        text = json.dumps({"message": text})
    return text


def v1beta1(document):
    """As API servers before 1.24 could write it, with the fields that it had beside those of v1."""
    return {"kind": "Event", "apiVersion": "audit.k8s.io/v1beta1", "metadata": {"creationTimestamp": document["requestReceivedTimestamp"]},
            "timestamp": document["requestReceivedTimestamp"], **{key: value for key, value in document.items() if key not in ("kind", "apiVersion")}}


def mixed():
    """All shapes in one file, one chunk of events after the other."""
    shapes = [lambda texts: "".join(text + "\n" for text in texts), "".join, lambda texts: "[" + ",".join(texts) + "]",
              lambda texts: json.dumps(event_list(list(map(json.loads, texts)))) + "\n", lambda texts: json.dumps(aks(texts)) + "\n",
              lambda texts: "\n".join(json.dumps(json.loads(text), indent=2) for text in texts) + "\n",
              lambda texts: json.dumps(cloudwatch(texts)), lambda texts: json.dumps({"awslogs": {"data": packed(cloudwatch(texts))}}),
              lambda texts: "".join(json.dumps({"log": text}) + "\r\n" for text in texts), lambda texts: "\n" + "".join(map(cri, texts))]
    return "".join(shapes[i % len(shapes)](texts) for i, texts in enumerate(chunks(90)))


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
    "v1beta1": lambda: "".join(json.dumps(v1beta1(d)) + "\n" for d in DOCUMENTS),
    "v1beta1_list": lambda: json.dumps({**event_list(DOCUMENTS), "apiVersion": "audit.k8s.io/v1beta1"}),
    "mixed": mixed,
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

    def test_entries_of_gke_are_events_as_far_as_they_go(self):
        documents = [document for document in DOCUMENTS if "resource" in document.get("objectRef", {})]
        alerts, counts = self.replay(self.write("gke.json", "".join(json.dumps(gke(document)) + "\n" for document in documents)), options=())
        self.assertEqual(counts, {"events": len(documents), "skipped": 0, "reasons": {}})
        found = [json.loads(line) for line in alerts.splitlines()]
        self.assertGreater(len(found), 3)
        self.assertEqual({alert["cluster"] for alert in found}, {"prod"})
        by_rule = lambda lines: {(alert["rule"]["name"], alert["actor"]["name"]) for alert in lines}
        # What is found without groups, URIs and selectors is found in the whole events, too.
        self.assertTrue(by_rule(found) & by_rule(map(json.loads, self.expected_alerts().splitlines())))

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
        thirds = [b"".join(LINES[i:i + EVENTS // 2 - 300]) for i in range(0, EVENTS, EVENTS // 2 - 300)]
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

    def damaged(self, data, plain=None, options=()):
        """What became of a damaged log; `plain`: its uncompressed bytes, by which the quarantine is checked."""
        data = data if isinstance(data, bytes) else data.encode()
        counts = self.replay(self.write("damaged.log", data), options=("--cluster", "lab", *options))[1]
        plain = data if plain is None else plain
        for entry in map(json.loads, self.quarantine.read_text().splitlines()):
            part = plain[entry["offset"]:entry["offset"] + entry["length"]]
            if "sha256" in entry:
                self.assertEqual((len(part), hashlib.sha256(part).hexdigest()), (entry["length"], entry["sha256"]), entry)
            else:
                self.assertIn(entry["reason"], ("damaged", "bomb", "truncated"))
            self.assertTrue(entry["source"].endswith("damaged.log"))
        return counts

    def test_damage_is_counted_by_its_reason(self):
        first, last = LINES[0], LINES[EVENTS - 1]
        good = b"".join(LINES[:10])
        cut = first[:len(first) // 2]
        deep = b'{"kind":"Event","a":' + b"[" * 10_000 + b"]" * 10_000 + b"," + first[1:]
        wrapped = json.dumps({"awslogs": {"data": packed(cloudwatch(TEXTS[:3]))}})
        large = TEXTS[0].replace("{", '{"responseObject":"' + "x" * (1 << 20) + '",', 1)
        much = b'{"a":"' + b"x" * (2 << 20) + b'"}'
        for name, data, events, reasons in [
                ("last_line", good + last[:50], 10, {"truncated": 1}),
                ("line_in_the_middle", good + cut + b"\n" + good, 20, {"truncated": 1}),
                ("pretty_document", good + json.dumps(DOCUMENTS[0], indent=2).encode()[:400] + b"\n" + good, 20, {"truncated": 1}),
                ("list_without_its_end", b"[" + b",".join(LINES[:10])[:-30], 9, {"truncated": 1}),
                ("list_cut_between_its_items", b"[" + b",".join(LINES[:10]), 10, {"truncated": 1}),
                ("list_cut_behind_its_items", b'{"kind":"EventList","items":[' + b",".join(LINES[:10]) + b"]", 10, {"truncated": 1}),
                ("other_text", good + b"I1123 18:04:22.921545 1 audit.go:1] no event\n" + good, 20, {"malformed": 1}),
                ("brackets", good + b'{"a":]}\n' + good, 20, {"malformed": 1}),
                ("scalars", good + b"1\ntrue\n" + good, 20, {"not_an_object": 2}),
                ("wrappers_in_wrappers", good + nested(TEXTS[0], 9).encode() + b"\n" + nested(TEXTS[0], 8).encode(), 11, {"too_deep": 1}),
                ("no_audit_id", good + first.replace(b'"auditID"', b'"no"'), 10, {"missing_field": 1}),
                ("number_as_time", good + re.sub(rb'"stageTimestamp":"[^"]*"', b'"stageTimestamp":1e400', first), 10, {"wrong_type": 1}),
                ("no_time", good + re.sub(rb'"stageTimestamp":"[^"]*"', b'"stageTimestamp":"noon"', first), 10, {"bad_value": 1}),
                ("future", good + re.sub(rb'"stageTimestamp":"2026', b'"stageTimestamp":"2036', first), 10, {"future": 1}),
                ("too_large", good + much + b"\n" + good, 20, {"too_large": 1}),
                ("too_large_without_line_feeds", first.strip() + much + first.strip(), 2, {"too_large": 1}),
                ("too_large_in_a_list", b"[" + first + b"," + much + b"," + first + b"]", 2, {"too_large": 1}),
                ("too_large_in_a_payload", good + json.dumps({"awslogs": {"data": packed(cloudwatch([TEXTS[0], large, TEXTS[1]]))}}).encode(), 12,
                 {"too_large": 1}),
                ("payload_bomb", good + json.dumps({"awslogs": {"data": base64.b64encode(gzip.compress(bytes(129 << 20))).decode()}}).encode() + b"\n" + good,
                 20, {"bomb": 1}),
                ("base64", good + wrapped.replace("H4sI", "H4s*").encode() + b"\n" + good, 20, {"bad_envelope": 1}),
                ("cut_message", good + json.dumps({"message": TEXTS[0][:300]}).encode() + b"\n" + good, 20, {"truncated": 1}),
                ("deep", good + deep + good, 21, {}),
                ("not_utf8", good + first.replace(b'"userAgent":"', b'"userAgent":"\xff\xfe') + good, 21, {}),
                ("numbers_out_of_range", good + re.sub(rb'"code":\d+', b'"code":1e400', first) + first.replace(b"{", b'{"requestObject":' + b"9" * 400 + b",", 1), 12, {}),
                ("wrong_types", good + first.replace(b'"user":{', b'"user":5,"x":{') + first.replace(b'"verb":"', b'"verb":[1],"x":"'), 12, {}),
                ("duplicate_keys", good + first.replace(b"{", b'{"auditID":1,', 1), 11, {}),
                ("blank", b"", 0, {}),
        ]:
            with self.subTest(name):
                counts = self.damaged(data, options=SMALL if "too_large" in reasons else ())
                self.assertEqual((counts["events"], counts["reasons"]), (events, reasons))

    def test_a_limit_of_ones_own_is_that_of_one_event_not_of_a_list(self):
        large = TEXTS[1].replace("{", '{"responseObject":"' + "x" * 100_000 + '",', 1)
        for name, data in {"lines": TEXTS[0] + "\n" + large + "\n" + TEXTS[2] + "\n", "array": "[" + ",".join([*TEXTS[:50], large, TEXTS[51]]) + "]"}.items():
            with self.subTest(name):
                counts = self.damaged(data, options=("--max-record-bytes", "100000"))
                self.assertEqual(counts["reasons"], {"too_large": 1})
                self.assertEqual(self.damaged(data)["reasons"], {})

    def test_a_large_event_within_a_list_within_gzip_is_read_and_a_larger_one_cut_out(self):
        limit = 8 << 20  # over what is held in turn; memory_test.py has events of 57 MiB
        sized = lambda size: TEXTS[1].replace("{", '{"responseObject":"' + "x" * size + '",', 1)
        for size, pack, events, reasons in ((limit - 10_000, lambda data: gzip.compress(data, 1), 3, {}), (limit, zstd, 2, {"too_large": 1})):
            plain = json.dumps(event_list([])).replace("[]", "[" + ",".join([TEXTS[0], sized(size), TEXTS[2]]) + "]").encode()
            with self.subTest(f"{size} bytes"):
                counts = self.damaged(pack(plain), plain, options=("--max-record-bytes", str(limit)))
                self.assertEqual((counts["events"], counts["reasons"]), (events, reasons))

    def test_a_decompression_bomb_ends_its_file_and_no_other(self):
        folder = self.folder / "logs"
        folder.mkdir()
        bomb = subprocess.run("head -c 1200M /dev/zero | tr '\\0' x | zstd -q -c", shell=True, check=True, capture_output=True).stdout
        (folder / "a.zst").write_bytes(zstd(b"".join(LINES[:10])) + bomb)
        (folder / "b.log").write_bytes(b"".join(LINES[10:20]))
        counts = self.replay(folder)[1]
        self.assertEqual((counts["events"], counts["reasons"]), (20, {"bomb": 1, "too_large": 1}))

    def test_the_quarantine_keeps_the_first_ten_thousand(self):
        counts = self.replay_counts_only(b"".join(b"no json %d\n" % i for i in range(10_007)) + PLAIN)
        self.assertEqual(counts, (EVENTS, 10_007))
        self.assertEqual(len(self.quarantine.read_text().splitlines()), 10_000)

    def replay_counts_only(self, data):
        command = [HARK, "replay", "--output", "none", "--quarantine", self.quarantine, self.write("damaged.log", data)]
        report = subprocess.run(command, check=True, capture_output=True, text=True).stderr
        number = lambda text: int(text.replace(",", ""))
        return tuple(map(number, re.search(r"([\d,]+) events, 0 skipped, ([\d,]+) rejected", report).groups()))

    def test_the_bytes_are_kept_if_they_are_asked_for(self):
        bad = [b"I1123 no json", b'{"auditID":1}', b'{"a":"' + b"x" * (3 << 20)]
        path = self.write("damaged.log", b"\n".join(bad))
        subprocess.run([HARK, "replay", "--output", "none", "--quarantine", self.quarantine, "--quarantine-raw", *SMALL, path], check=True, capture_output=True)
        entries = sorted(map(json.loads, self.quarantine.read_text().splitlines()), key=lambda entry: entry["offset"])
        self.assertEqual([base64.b64decode(entry["raw"]) for entry in entries], [text[:1 << 20] for text in bad])

    def test_what_was_read_is_told_whatever_the_output(self):
        path = self.write("damaged.log", PLAIN + b"{}\ntext\n")
        for output in ("table", "jsonl", "none"):
            done = subprocess.run([HARK, "replay", "--output", output, path], check=True, capture_output=True, text=True)
            report = done.stdout if output == "table" else done.stderr
            self.assertIn(f"Input    {EVENTS + 2:,} records", report)
            self.assertIn(f"         {EVENTS:,} events, 1 skipped (1 no audit event), 1 rejected (1 malformed)", report)
            self.assertEqual("Input" in done.stdout, output == "table")

    def test_random_damage_is_counted_whatever_it_hits(self):
        """Bytes that are changed, lost or doubled, and reads that end early: all that is left is counted, and hark ends as ever."""
        chance = random.Random(5)
        texts = TEXTS[:200]
        shapes = {"lines": "".join(text + "\n" for text in texts).encode(), "list": json.dumps(event_list(DOCUMENTS[:200])).encode(),
                  "pretty": "\n".join(json.dumps(document, indent=1) for document in DOCUMENTS[:200]).encode(),
                  "awslogs": "".join(json.dumps({"awslogs": {"data": packed(cloudwatch(texts[i:i + 20]))}}) for i in range(0, 200, 20)).encode(),
                  "aks": "".join(json.dumps(aks(texts[i:i + 20])) + "\n" for i in range(0, 200, 20)).encode()}
        shapes["gzip"] = gzip.compress(shapes["lines"])
        shapes["zstd"] = zstd(shapes["lines"])
        for name, sound in shapes.items():
            for round_number in range(12):
                data = bytearray(sound)
                for _ in range(chance.randint(1, 6)):
                    at, length = chance.randrange(len(data)), chance.randint(1, 60)
                    change = chance.randrange(4)
                    if change == 0:
                        data[at] = chance.randrange(256)
                    elif change == 1:
                        del data[at:at + length]
                    elif change == 2:
                        data[at:at] = data[at:at + length]
                    else:
                        data[at:at] = bytes(length)
                if chance.random() < 0.3:
                    del data[chance.randrange(len(data)):]
                with self.subTest(f"{name} {round_number}"):
                    # That all records are counted is checked there.
                    counts = self.replay(self.write("damaged.log", bytes(data)))[1]
                    self.assertLessEqual(counts["events"], 200 + 60)

    def test_damaged_compression_costs_no_more_than_what_is_damaged(self):
        halves = [b"".join(LINES[:EVENTS // 2]), b"".join(LINES[EVENTS // 2:])]
        for name, pack in {"gzip": gzip.compress, "zstd": zstd}.items():
            first, second = map(pack, halves)
            with self.subTest(name + ", cut off"):
                counts = self.replay(self.write("damaged.log", first + second[:len(second) // 2]))[1]
                self.assertGreaterEqual(counts["events"], EVENTS // 2)
                self.assertEqual(counts["reasons"].get("damaged"), 1)
            with self.subTest(name + ", bytes changed"):
                broken = bytearray(first)
                broken[len(first) // 2:len(first) // 2 + 8] = b"\xff" * 8
                counts = self.replay(self.write("damaged.log", bytes(broken) + second))[1]
                self.assertGreaterEqual(counts["events"], EVENTS // 2)
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
        for output in ("table", "jsonl", "none"):
            done = subprocess.run([HARK, "replay", "--output", output, path], check=True, capture_output=True, text=True)
            self.assertRegex(done.stderr, r'warning: \S+damaged.log: [\d.]+ % of the records were rejected, most as "malformed": make sure that it is an audit log')

    def test_one_percent_of_rejected_records_is_no_more_than_that(self):
        for rejected, warns in ((10, False), (11, True)):
            path = self.write("damaged.log", b"".join(LINES[:1000 - rejected]) + b"text\n" * rejected)
            done = subprocess.run([HARK, "replay", "--output", "none", path], check=True, capture_output=True, text=True)
            self.assertEqual("% of the records were rejected" in done.stderr, warns, done.stderr)

    def test_a_small_damaged_log_does_not_hide_behind_a_large_one(self):
        self.write("good.log", PLAIN)
        self.write("other.log", b"text\n" * 3 + LINES[0])
        done = subprocess.run([HARK, "replay", "--output", "none", self.folder], check=True, capture_output=True, text=True)
        self.assertRegex(done.stderr, r"warning: \S+other.log: 75.0 % of the records were rejected")
        self.assertNotIn("good.log", done.stderr)

    def test_an_input_that_cannot_be_read_does_not_hide_the_others(self):
        good = self.write("good.log", PLAIN)
        alerts, counts = self.replay(good, self.folder / "missing.log", code=4)
        self.assertEqual(counts["events"], EVENTS)
        self.assertEqual(alerts, self.expected_alerts())


if __name__ == "__main__":
    HARK = os.path.abspath(sys.argv.pop(1))
    unittest.main()
