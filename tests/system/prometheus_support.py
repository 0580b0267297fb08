"""A real Prometheus for tests, which scrapes what it is told to."""

import json
import pathlib
import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request

from daemon_support import wait_for


class Prometheus:
    """Scrapes and evaluates each second. It listens on a port of its own choice."""

    def __init__(self, folder, targets, rule_files=()):
        """targets: {job: [address]}"""
        self.folder = pathlib.Path(folder)
        self.config_path = self.folder / "prometheus.yml"
        self.log_path = self.folder / "prometheus.log"
        self.config_path.write_text(json.dumps({
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(path) for path in rule_files],
            "scrape_configs": [{"job_name": job, "static_configs": [{"targets": addresses}]} for job, addresses in targets.items()]}))
        self.process = None
        self.port = None

    def start(self):
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                ["prometheus", f"--config.file={self.config_path}", f"--storage.tsdb.path={self.folder / 'tsdb'}", "--web.listen-address=127.0.0.1:0"],
                stdout=log, stderr=log)
        self.port = wait_for(self.listening_port, "Prometheus listens")
        wait_for(self.is_ready, "Prometheus is ready")
        return self

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def listening_port(self):
        if self.process.poll() is not None:
            raise AssertionError("Prometheus ended:\n" + self.log_path.read_text()[-2000:])
        found = re.search(r'msg="Listening on" address=127\.0\.0\.1:(\d+)', self.log_path.read_text())
        return found and int(found.group(1))

    def is_ready(self):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=5).close()
            return True
        except OSError:
            return False

    def get(self, path, **parameters):
        """The data of an answer of the API. What Prometheus finds wrong with a query is an AssertionError."""
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters, doseq=True)}"
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{parameters}: {error.read().decode()}") from error

    def query(self, expression):
        """[(labels, value)] of now."""
        return [(series["metric"], float(series["value"][1])) for series in self.get("query", query=expression)["result"]]

    def query_range(self, expression, start, end, step=1):
        """[(labels, [value])]"""
        result = self.get("query_range", query=expression, start=start, end=end, step=step)["result"]
        return [(series["metric"], [float(value) for _, value in series["values"]]) for series in result]


# Every family that a daemon exports, with its type and its labels. All series of a counter begin at 0.
FAMILIES = {
    "hark_events_total": ("counter", {"source"}),
    "hark_records_rejected_total": ("counter", {"source", "reason"}),
    "hark_records_skipped_total": ("counter", {"source", "reason"}),
    "hark_ingest_bytes_total": ("counter", {"source"}),
    "hark_events_duplicate_total": ("counter", set()),
    "hark_events_late_total": ("counter", {"source"}),
    "hark_events_too_late_total": ("counter", {"source"}),
    "hark_lateness_seconds": ("histogram", set()),
    "hark_ingest_lag_seconds": ("gauge", {"source"}),
    "hark_last_event_timestamp_seconds": ("gauge", {"source"}),
    "hark_source_silent": ("gauge", {"source"}),
    "hark_source_unreadable": ("gauge", {"source"}),
    "hark_watermark_timestamp_seconds": ("gauge", set()),
    "hark_rule_matches_total": ("counter", {"rule", "level"}),
    "hark_alert_revisions_total": ("counter", {"rule", "level", "state"}),
    "hark_alerts_open": ("gauge", {"level"}),
    "hark_state_bytes": ("gauge", set()),
    "hark_state_max_bytes": ("gauge", set()),
    "hark_state_groups": ("gauge", {"rule"}),
    "hark_state_evictions_total": ("counter", {"rule"}),
    "hark_rules_loaded": ("gauge", set()),
    "hark_commit_failures_total": ("counter", set()),
    "hark_fact_log_bytes": ("gauge", set()),
    "hark_fact_log_max_bytes": ("gauge", set()),
    "hark_fact_log_oldest_age_seconds": ("gauge", set()),
    "hark_fact_log_write_failures_total": ("counter", set()),
    "hark_fact_log_torn_tails_total": ("counter", set()),
    "hark_snapshot_seconds": ("histogram", set()),
    "hark_snapshot_last_success_timestamp_seconds": ("gauge", set()),
    "hark_snapshot_failures_total": ("counter", set()),
    "hark_deliveries_total": ("counter", {"output", "result"}),
    "hark_delivery_seconds": ("histogram", {"output"}),
    "hark_output_queue_length": ("gauge", {"output"}),
    "hark_output_oldest_age_seconds": ("gauge", {"output"}),
    "hark_output_stopped": ("gauge", {"output"}),
    "hark_dead_letters": ("gauge", {"output"}),
    "hark_dead_letters_removed_total": ("counter", {"output"}),
    "hark_alert_store_bytes": ("gauge", set()),
    "hark_alert_store_max_bytes": ("gauge", set()),
    "hark_alerts_removed_total": ("counter", {"reason"}),
    "hark_silenced_total": ("counter", {"rule"}),
    "hark_ready": ("gauge", set()),
    "hark_config_last_reload_successful": ("gauge", set()),
    "hark_config_last_reload_success_timestamp_seconds": ("gauge", set()),
    "hark_build_info": ("gauge", {"version", "commit"}),
    "process_cpu_seconds_total": ("counter", set()),
    "process_resident_memory_bytes": ("gauge", set()),
    "process_open_fds": ("gauge", set()),
    "process_start_time_seconds": ("gauge", set()),
}
# Those that only a daemon with a webhook or a Kafka source exports.
FAMILIES_OF_OTHER_SOURCES = {
    "hark_kafka_lag_records": ("gauge", {"topic", "partition"}),
    "hark_receiver_requests_total": ("counter", {"cluster", "code"}),
    "hark_receiver_ack_seconds": ("histogram", set()),
    "hark_certificate_expiry_timestamp_seconds": ("gauge", {"listener"}),
}
# What others export.
FOREIGN_FAMILIES = {"up", "ALERTS", "apiserver_audit_event_total", "apiserver_audit_error_total", "apiserver_audit_requests_rejected_total",
                    "apiserver_request_total"}


def families_in(expression):
    """The families that a query names, and the records of recording rules."""
    names = set(re.findall(r"\b(?:hark|process|apiserver)_\w+\b|\binstance\w*:[\w:]+|\b(?:up|ALERTS)\b", re.sub(r'"[^"]*"', '""', expression)))
    histograms = {name for name, (kind, _) in {**FAMILIES, **FAMILIES_OF_OTHER_SOURCES}.items() if kind == "histogram"}
    return {next((family for family in histograms if name in (f"{family}_bucket", f"{family}_sum", f"{family}_count")), name) for name in names}


def read_families(text):
    """({family: type}, [(family, labels, value)]) of what /metrics says."""
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
    samples = []
    for name, labels, value in re.findall(r"^([a-z]\w*)(?:\{(.*)\})? (\S+)$", text, re.MULTILINE):
        (family,) = families_in(name)
        samples.append((family, dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels)), float(value)))
    return types, samples
