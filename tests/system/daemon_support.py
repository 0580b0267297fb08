"""What the tests of a running hark share: the recorded log, a daemon that is started, asked and killed, and what it has raised."""

import json
import os
import pathlib
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKED = ROOT / "tests/data/kube-1.20/audit-typical.jsonl.zst"
# 1: what fits into the tests of every change; the nightly run sets more.
SCALE = int(os.environ.get("HARK_SYSTEM_SCALE", "1"))
PATIENCE = 60  # seconds, for what takes a moment


def recorded_lines():
    return subprocess.run(["zstd", "-q", "-d", "-c", PACKED], check=True, capture_output=True).stdout.splitlines(keepends=True)


def stamp(seconds):
    """A time as events have it, of seconds since 1970."""
    whole = int(seconds // 1)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{int((seconds - whole) * 1e6):06}Z"


def secret_read(at, name, user, resource="secrets"):
    """The line of a log that says that the user read the Secret at that time; or another resource of that name."""
    return json.dumps({
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "auditID": f"{at}-{name}-{user}", "stage": "ResponseComplete",
        "requestURI": f"/api/v1/namespaces/a/{resource}/{name}", "verb": "get", "user": {"username": user, "groups": ["system:authenticated"]},
        "sourceIPs": ["203.0.113.7"], "userAgent": "kubectl/v1.30", "objectRef": {"resource": resource, "namespace": "a", "name": name, "apiVersion": "v1"},
        "responseStatus": {"code": 200}, "requestReceivedTimestamp": at, "stageTimestamp": at}) + "\n"


def replayed(hark, *paths, rules=None, now=None):
    """The last revision of every alert of `hark replay`, by id. `now`: in place of the time of day, in seconds since 1970."""
    command = [hark, "replay", *map(str, paths), "--output", "jsonl", "--min-level", "informational"]
    command += ["--now", stamp(now)] if now else []
    done = subprocess.run(command + (["--rules", str(rules)] if rules else []), capture_output=True, check=True)
    return {json.loads(line)["id"]: line for line in done.stdout.splitlines()}


def wait_for(condition, what, patience=PATIENCE):
    """The first true value of the condition."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"after {patience} s: not yet {what}")


class Hark:
    """A data_dir and the daemons that use it, one after the other."""

    def __init__(self, hark, folder, sources, settings=None, environment=None):
        self.hark = hark
        self.folder = pathlib.Path(folder)
        self.data_dir = self.folder / "data"
        self.alerts_path = self.folder / "alerts.jsonl"
        self.config_path = self.folder / "hark.yaml"
        self.log_path = self.folder / "hark.log"
        self.environment = environment
        self.process = None
        self.config = {
            "data_dir": str(self.data_dir),
            "sources": {"files": sources},
            "outputs": {"stdout": {"enabled": False}, "files": [{"path": str(self.alerts_path), "min_level": "informational"}]},
            "admin": {"listen": "127.0.0.1:0"},
            "log": {"format": "json"},
        }
        self.config.update(settings or {})
        self.write_config()

    def write_config(self):
        self.config_path.write_text(json.dumps(self.config))

    def start(self, *arguments, wait=True, stdout=subprocess.DEVNULL):
        log = open(self.log_path, "ab")
        offset = log.tell()
        self.process = subprocess.Popen([self.hark, "run", "--config", self.config_path, *arguments], stdout=stdout, stderr=log, env=self.environment)
        log.close()
        if wait:
            port = wait_for(lambda: self.port_of_ready(offset) or self.process.poll() is not None, "ready")
            if port is True:
                raise AssertionError("hark run ended:\n" + self.log_path.read_text()[-2000:])
            self.port = port
        return self

    def port_of_ready(self, offset=0):
        """What the message says that comes last at a start, in either format of the log."""
        found = re.search(rb'"?admin_port"?[:=](\d+)', self.log_path.read_bytes()[offset:])
        return int(found[1]) if found else None

    def messages(self, key, offset=0):
        """What the log says under the key."""
        with open(self.log_path, "rb") as log:
            log.seek(offset)
            lines = log.read().splitlines()
        found = []
        for line in lines:
            try:
                message = json.loads(line)
            except ValueError:
                continue
            if message.get("key") == key:
                found.append(message)
        return found

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """Its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def drain(self):
        """Reads everything to its present end and ends the data_dir."""
        done = subprocess.run([self.hark, "run", "--config", self.config_path, "--drain"], capture_output=True, env=self.environment, timeout=300)
        if done.returncode != 0:
            raise AssertionError(f"run --drain: {done.returncode}\n" + done.stderr.decode()[-2000:])

    def get(self, target, method="GET"):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{target}", method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def status(self):
        return json.loads(self.get("/api/v1/status")[1])

    def metric(self, name):
        """The value of a series as it is written: 'hark_events_total{source="x"}'."""
        for line in self.get("/metrics")[1].splitlines():
            if line.startswith(name + " "):
                return float(line.rsplit(" ", 1)[1])
        return None

    def exported(self):
        """The last revision of every alert in the store, by id; whether a daemon runs or not."""
        done = subprocess.run([self.hark, "alerts", "export", "--data-dir", self.data_dir], capture_output=True, check=True)
        return {json.loads(line)["id"]: line for line in done.stdout.splitlines()}

    def delivered(self):
        """(id, n) of every line of the alert file, in order, and whether equal ones have equal text."""
        seen = {}
        order = []
        for line in self.alerts_path.read_bytes().rpartition(b"\n")[0].splitlines():  # not one that is being written
            alert = json.loads(line)
            key = (alert["id"], alert["n"])
            order.append(key)
            if seen.setdefault(key, line) != line:
                raise AssertionError(f"two texts of revision {key}")
        return order, seen

    def events_read(self):
        return sum(source["events"] for source in self.status()["sources"])
