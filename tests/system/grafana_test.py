#!/usr/bin/env python3
"""deploy/grafana/hark.json: every query of every panel returns data from a real Prometheus that has scraped a `hark run` which had a bad day; and the rules of
deploy/prometheus see the same day as they should.

usage: grafana_test.py HARK KAFKA_TOOL [unittest arguments]
"""

import datetime
import http.server
import json
import math
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import yaml

from daemon_support import Hark, ROOT, recorded_lines, wait_for
from kafka_broker import Broker
from prometheus_support import FAMILIES, FAMILIES_OF_OTHER_SOURCES, FOREIGN_FAMILIES, Prometheus, families_in, read_families
from prometheus_test import RULES, read_rules
from receiver_support import Receiver
from webhook_strangers_test import Certificates
from webhook_support import ApiServer, batches_of, free_port

HARK = TOOL = ""
BOARD = json.loads((ROOT / "deploy/grafana/hark.json").read_text())
# What Grafana puts in place of its variables. A window as for a scrape interval of 5 s: the machine of a test may be slow.
VARIABLES = {"job": "hark", "instance": ".+", "__rate_interval": "20s", "__range": "60s"}


def panels_of(board):
    """All but rows; those of collapsed rows too."""
    for panel in board["panels"]:
        yield from panel.get("panels", [])
        if panel["type"] != "row":
            yield panel


def targets_of(board):
    """(where, target, whether it asks for now only); the queries of annotations too."""
    for panel in panels_of(board):
        for target in panel["targets"]:
            yield f"{panel['id']} \"{panel['title']}\" {target['refId']}", target, target.get("instant", False)
    for annotation in board["annotations"]["list"]:
        yield annotation["name"], annotation, False


def filled_in(expression):
    text = re.sub(r"\$(\w+)", lambda name: VARIABLES[name.group(1)], expression)
    assert "$" not in text, expression
    return text


class BoardTest(unittest.TestCase):
    def test_panels_have_ids_of_their_own_and_do_not_overlap(self):
        everything = BOARD["panels"] + [inner for panel in BOARD["panels"] for inner in panel.get("panels", [])]
        ids = [panel["id"] for panel in everything]
        self.assertEqual(len(ids), len(set(ids)))
        taken = {}
        for panel in everything:
            place = panel["gridPos"]
            self.assertLessEqual(place["x"] + place["w"], 24, panel["title"])
            for cell in ((x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])):
                self.assertNotIn(cell, taken, f"{panel['title']} lies over {taken.get(cell)}")
                taken[cell] = panel["title"]

    def test_each_panel_says_what_it_shows_in_which_unit_and_from_where(self):
        for panel in panels_of(BOARD):
            self.assertTrue(panel["description"].endswith("."), panel["title"])
            self.assertTrue(panel["fieldConfig"]["defaults"]["unit"], panel["title"])
            self.assertTrue(panel["targets"], panel["title"])
            refs = [target["refId"] for target in panel["targets"]]
            self.assertEqual(len(refs), len(set(refs)), panel["title"])
            for each in (panel, *panel["targets"]):
                self.assertEqual(each["datasource"], {"type": "prometheus", "uid": "${datasource}"}, panel["title"])

    def test_variables_are_defined_and_windows_follow_the_scrape_interval(self):
        defined = {variable["name"] for variable in BOARD["templating"]["list"]}
        for where, target, _ in targets_of(BOARD):
            self.assertLessEqual(set(re.findall(r"\$(\w+)", target["expr"])), defined | {"__rate_interval", "__range"}, where)
            self.assertLessEqual(set(re.findall(r"\[(.*?)\]", target["expr"])), {"$__rate_interval", "$__range"}, where)

    def test_it_shows_what_exists_and_board_and_rules_together_leave_nothing_out(self):
        recorded, alerts = read_rules()
        shown = {family for _, target, _ in targets_of(BOARD) for family in families_in(target["expr"])}
        known = {*FAMILIES, *FAMILIES_OF_OTHER_SOURCES}
        self.assertLessEqual(shown, known | FOREIGN_FAMILIES | set(recorded))
        judged = {family for rule in (*recorded.values(), *alerts.values()) for family in families_in(rule["expr"])}
        self.assertEqual(known - shown - judged, set())


class AuditMetrics(http.server.ThreadingHTTPServer):
    """The metrics of a kube-apiserver that audits 100 events between two scrapes and loses 2."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), AuditMetricsHandler)
        self.scrapes = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()


class AuditMetricsHandler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # noqa: N802
        self.server.scrapes += 1
        n = self.server.scrapes
        body = (f"# TYPE apiserver_audit_event_total counter\napiserver_audit_event_total {100 * n}\n"
                f"# TYPE apiserver_audit_error_total counter\napiserver_audit_error_total{{plugin=\"buffered\"}} {2 * n}\n"
                f"# TYPE apiserver_audit_requests_rejected_total counter\napiserver_audit_requests_rejected_total 0\n"
                f"# TYPE apiserver_request_total counter\napiserver_request_total{{code=\"200\",verb=\"GET\"}} {50 * n}\n").encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def rfc3339(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"


class Day:
    """The recorded quarter of an hour as if it ended now, told in SECONDS; with copies, damage, what comes late, and thousands of
    addresses that fail to log in."""

    SECONDS = 12
    TIMES = re.compile(rb'("(?:requestReceivedTimestamp|stageTimestamp)":")([^"]+)"')

    def __init__(self, log):
        self.log = log
        lines = recorded_lines()
        events = [json.loads(line) for line in lines]
        stamps = [datetime.datetime.fromisoformat(event["stageTimestamp"].replace("Z", "+00:00")) for event in events]
        self.end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=self.SECONDS)
        self.shift = self.end - max(stamps)
        self.lines = [self.shifted(line) for line in lines]
        self.matching = next(event for event in events if event["verb"] == "list" and event.get("objectRef", {}).get("resource") == "secrets" and
                             event["user"].get("username") == "kubernetes-admin" and event["responseStatus"]["code"] == 200)
        self.failing = next(event for event in events if event.get("responseStatus", {}).get("code") == 401)
        self.strangers = [(stamp + self.shift, number) for number, stamp in enumerate(stamps[::9])]

    def shifted(self, line):
        def moved(found):
            moment = datetime.datetime.fromisoformat(found.group(2).decode().replace("Z", "+00:00")) + self.shift
            return found.group(1) + rfc3339(moment).encode() + b'"'
        return self.TIMES.sub(moved, line)

    def at(self, event, moment, name, **changes):
        moment = rfc3339(moment)
        return json.dumps({**event, "auditID": name, "requestReceivedTimestamp": moment, "stageTimestamp": moment, **changes}).encode() + b"\n"

    def mishaps(self):
        """At the end of it all."""
        lines = []
        for n in range(200):
            lines.append(b"this is no event\n")
            lines.append(b'{"kind":"Lease"}\n')
            lines.append(self.at(self.matching, self.end + datetime.timedelta(hours=3), f"future-{n}"))
            lines += [self.at(self.matching, self.end, f"twice-{n}")] * 2
            lines.append(self.at(self.matching, self.end - datetime.timedelta(seconds=60), f"late-{n}"))
            lines.append(self.at(self.matching, self.end - datetime.timedelta(minutes=20), f"too-late-{n}"))
        return lines

    def tell(self):
        """Returns when all is written."""
        step = len(self.lines) // (self.SECONDS * 10)
        with open(self.log, "ab", buffering=0) as log:
            for begin in range(0, len(self.lines), step):
                chunk = self.lines[begin:begin + step]
                for moment, number in self.strangers[begin // 9:(begin + step) // 9]:
                    chunk.append(self.at(self.failing, moment, f"stranger-{number}", sourceIPs=[f"198.51.{number // 256}.{number % 256}"]))
                log.write(b"".join(chunk))
                time.sleep(0.1)
            time.sleep(1)  # the watermark has come to the end
            log.write(b"".join(self.mishaps()))


class QueriesTest(unittest.TestCase):
    """One day for all tests."""

    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = pathlib.Path(temporary.name)
        cls.source = str(cls.folder / "audit.log")
        pathlib.Path(cls.source).touch()
        cls.daemon = Hark(HARK, cls.folder, [{"path": cls.source, "from_start": True}], cls.settings())
        cls.listen_to_an_api_server()
        cls.read_from_a_broker()
        cls.addClassCleanup(cls.stop_daemon)
        cls.daemon.start()
        metrics = AuditMetrics()
        cls.addClassCleanup(metrics.server_close)
        cls.addClassCleanup(metrics.shutdown)
        cls.prometheus = Prometheus(cls.folder, {"hark": [f"127.0.0.1:{cls.daemon.port}"], "apiserver": [f"127.0.0.1:{metrics.server_port}"]}, [RULES])
        cls.addClassCleanup(cls.prometheus.stop)
        cls.prometheus.start()
        cls.begin = time.time()
        day = Day(cls.source)
        # Of the newest events: a source that is behind would hold the watermark.
        posting = threading.Thread(target=cls.api_server.send_at_rate, args=(batches_of(day.lines[-2000:]), 0.5))
        posting.start()
        producing = threading.Thread(target=cls.produce, args=(day.lines[-2000:],))
        producing.start()
        day.tell()
        posting.join()
        producing.join()
        cls.api_server.post(b"this is no list of events")
        cls.api_server.finish()
        for series in cls.happened():
            wait_for(lambda: (cls.daemon.metric(series) or 0) > 0, series, 20)
        time.sleep(3)  # two scrapes and an evaluation
        cls.end = time.time()

    @classmethod
    def stop_daemon(cls):
        if cls.daemon.process is not None and cls.daemon.process.poll() is None:
            cls.daemon.kill()

    @classmethod
    def listen_to_an_api_server(cls):
        """Over TLS, with a certificate that will not do for long."""
        port = free_port()
        certificates = Certificates(cls.folder / "tls", ["production"], port, days=10)
        (webhook,) = yaml.safe_load((cls.folder / "tls/webhooks.yaml").read_text())["sources"]["webhooks"]
        cls.daemon.config["sources"]["webhooks"] = [{**webhook, "lateness": "5s"}]
        cls.daemon.write_config()
        cls.api_server = ApiServer(f"https://127.0.0.1:{port}/audit/production", tls=certificates.context("production"))
        cls.addClassCleanup(cls.api_server.close)

    @classmethod
    def read_from_a_broker(cls):
        """Which starts while the day is told."""
        cls.broker = Broker(cls.folder / "kafka").make()
        cls.addClassCleanup(cls.broker.kill)
        cls.daemon.config["sources"]["kafka"] = [{"brokers": [cls.broker.plain], "topics": ["audit"], "instance": "test", "lateness": "5s",
                                                  "properties": [{"name": "reconnect.backoff.max.ms", "value": "200"}]}]
        cls.daemon.write_config()

    @classmethod
    def produce(cls, lines):
        cls.broker.start()
        for arguments, text in ((["create", "audit", "2"], b""), (["produce", "audit", "2"], b"".join(lines))):
            subprocess.run([TOOL, cls.broker.plain, *arguments], input=text, check=True, timeout=60)

    @classmethod
    def settings(cls):
        def webhook(name, answer):
            receiver = Receiver(lambda: (answer, {}))
            cls.addClassCleanup(receiver.server_close)
            cls.addClassCleanup(receiver.shutdown)
            return {"name": name, "url": receiver.url, "min_level": "informational", "timeout": "1s"}
        return {
            "snapshot": {"interval": "1s"},
            "state": {"max_bytes": "1MiB"},
            "outputs": {"stdout": {"enabled": False}, "webhooks": [webhook("works", 200), webhook("refuses", 422), webhook("hangs", "hang"),
                                                                   webhook("has_enough", 410)]},
            "silences": [{"matchers": "rule=secrets_listed_in_namespace", "reason": "a test", "author": "nobody", "until": "2100-01-01T00:00:00Z"}],
        }

    @classmethod
    def happened(cls):
        """What must have been counted for the day to be a bad one."""
        source = f'source="{cls.source}"'
        return (f'hark_records_rejected_total{{reason="malformed",{source}}}', f'hark_records_rejected_total{{reason="future",{source}}}',
                f'hark_records_skipped_total{{reason="no_audit_event",{source}}}', f"hark_events_late_total{{{source}}}",
                f"hark_events_too_late_total{{{source}}}", "hark_events_duplicate_total", "hark_watermark_timestamp_seconds",
                'hark_deliveries_total{output="works",result="delivered"}', 'hark_deliveries_total{output="hangs",result="retried"}',
                'hark_dead_letters{output="refuses"}', 'hark_output_queue_length{output="hangs"}', 'hark_output_oldest_age_seconds{output="hangs"}',
                'hark_output_stopped{output="has_enough"}', 'hark_silenced_total{rule="secrets_listed_in_namespace"}',
                'hark_state_evictions_total{rule="failed_authentication_burst"}', 'hark_alerts_open{level="high"}',
                'hark_receiver_requests_total{cluster="production",code="200"}', 'hark_receiver_requests_total{cluster="production",code="400"}',
                "hark_snapshot_last_success_timestamp_seconds", 'hark_events_total{source="kafka:audit/0"}', 'hark_events_total{source="kafka:audit/1"}')

    def data_of(self, expression, instant):
        """[labels] of the series that have a number, some time today; or now."""
        if instant:
            return [labels for labels, value in self.prometheus.query(expression) if math.isfinite(value)]
        return [labels for labels, values in self.prometheus.query_range(expression, self.begin, self.end) if any(map(math.isfinite, values))]

    def test_every_query_of_every_panel_returns_data(self):
        for where, target, instant in targets_of(BOARD):
            with self.subTest(where):
                found = self.data_of(filled_in(target["expr"]), instant)
                self.assertTrue(found, target["expr"])
                named = set(re.findall(r"\{\{(\w+)\}\}", target.get("legendFormat", "")))
                for labels in found:
                    self.assertLessEqual(named, set(labels), "the legend names labels that are not there")

    def test_what_webhook_and_kafka_add_has_its_type_and_its_labels(self):
        types, samples = read_families(self.daemon.get("/metrics")[1])
        added = {family: kind for family, kind in types.items() if family not in FAMILIES}
        self.assertEqual(added, {family: kind for family, (kind, _) in FAMILIES_OF_OTHER_SOURCES.items()})
        for family, labels, _ in samples:
            if family in added:
                self.assertEqual(set(labels) - {"le"}, FAMILIES_OF_OTHER_SOURCES[family][1], family)

    def test_the_variables_find_hark(self):
        for variable in BOARD["templating"]["list"]:
            if variable["type"] == "query":
                series, label = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]["query"]).groups()
                self.assertEqual(len({labels[label] for labels, _ in self.prometheus.query(filled_in(series))}), 1, variable["name"])

    def test_every_rule_can_be_evaluated_and_every_record_has_data(self):
        for group in self.prometheus.get("rules")["groups"]:
            for rule in group["rules"]:
                self.assertEqual((rule["health"], rule.get("lastError", "")), ("ok", ""), rule["name"])
        for name in read_rules()[0]:
            self.assertTrue(self.data_of(name, False), name)

    def test_alerts_are_raised_of_what_was_wrong_and_of_nothing_else(self):
        raised = {labels["alertname"] for labels, _ in self.prometheus.query("ALERTS")}
        wrong = {"HarkOutputStopped", "HarkDeliveriesLost", "HarkDeadLetters", "HarkOutputFailing", "HarkEventsTooLate", "HarkStateEvictions",
                 "HarkRecordsRejected", "HarkEventsLate", "HarkReceiverRejects", "HarkCertificateExpiring", "KubernetesAuditErrors"}
        self.assertLessEqual(wrong, raised)
        # These depend on how many alerts the recording raises, and on the speed of the machine.
        self.assertLessEqual(raised - wrong, {"HarkRuleNoisy", "HarkSilencesHideMuch", "HarkIngestLag", "HarkMissesEvents"})


if __name__ == "__main__":
    HARK, TOOL = (str(pathlib.Path(sys.argv.pop(1)).resolve()) for _ in range(2))
    unittest.main()
