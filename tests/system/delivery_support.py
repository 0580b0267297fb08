"""What the tests of delivery share: certificates, clocks that are shifted, and the check of what arrived."""

import base64
import json
import mmap
import os
import pathlib
import ssl
import struct
import subprocess
import sys
import tempfile
import time
import unittest

from daemon_support import Hark, ROOT, replayed, secret_read, stamp, wait_for
from receiver_support import Receiver

sys.path.append(str(ROOT / "build/python"))
try:
    import standardwebhooks  # an independent implementation of the signature
except ImportError:
    sys.exit("the Python package standardwebhooks is missing: `scripts/setup test` installs it")

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()

# Raises an alert for each actor that reads a Secret: opened, escalated at the 2nd, 4th and 8th one, closed after 5 minutes of event time.
RULE = """title: Secret read
id: 00000000-0000-4000-8000-000000000001
name: secret_read
logsource: {product: kubernetes, service: audit}
detection:
  selection: {verb: get, objectRef.resource: secrets}
  condition: selection
level: high
hark: {group-by: [actor.name], keep-alive: 5m}
"""


class Certificates:
    """Authorities and certificates in a folder, made as they are asked for."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def make(self, name, arguments, shift="+0"):
        pem, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        if not pem.exists():
            subprocess.run(["faketime", "-f", shift, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                            "-days", "1", "-keyout", key, "-out", pem, "-subj", f"/CN={name}", *arguments], check=True, capture_output=True)
        return str(pem), str(key)

    def authority(self, name="ca"):
        return self.make(name, [])

    def certificate(self, name, authority="ca", host="IP:127.0.0.1", shift="+0"):
        """The paths of certificate and key; `shift` is of the clock by which it is made, and then lasts a day."""
        pem, key = self.authority(authority)
        return self.make(name, ["-CA", pem, "-CAkey", key, "-addext", f"subjectAltName={host}", "-addext", "basicConstraints=critical,CA:FALSE"], shift)

    def context(self, *arguments, clients=None, **options):
        """For a receiver with that certificate; `clients`: it asks for one by that authority."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.certificate(*arguments, **options))
        if clients is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.authority(clients)[0])
        return context


class ShiftedClock:
    """The clocks of a daemon, which a test moves on while it runs (shifted_clock.cc)."""

    LIBRARY = os.environ.get("HARK_CLOCK_LIBRARY", "")

    def __init__(self, folder):
        self.path = pathlib.Path(folder) / "clock"
        self.path.write_bytes(bytes(16))
        with open(self.path, "r+b") as file:
            self.shifts = mmap.mmap(file.fileno(), 16)
        self.wall = self.steady = 0

    def environment(self):
        return dict(os.environ, LD_PRELOAD=self.LIBRARY, HARK_SHIFTED_CLOCK=str(self.path))

    def advance(self, seconds, wall):
        """`wall`: the wall clock goes with it."""
        self.steady += seconds
        self.wall += seconds if wall else 0
        self.shifts[:] = struct.pack("qq", round(self.wall * 1e9), round(self.steady * 1e9))

    def now(self):
        return time.time() + self.wall


class DeliveryTest(unittest.TestCase):
    """A folder, a log in it, and daemons and receivers that are gone at the end."""

    maxDiff = 2000
    hark = ""
    lateness = 1  # of the source, in seconds, where own_rule; what is read so late is still in time
    shifts_wall = False  # time that passes does so for the wall clock, too

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.log = self.folder / "audit.log"
        self.log.touch()
        self.certificates = Certificates(self.folder)
        self.clock = ShiftedClock(self.folder)
        self.processes = []
        self.addCleanup(self.kill_all)

    def kill_all(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()

    def receiver(self, *arguments, **options):
        receiver = Receiver(*arguments, **options)
        self.addCleanup(receiver.server_close)
        self.addCleanup(receiver.shutdown)
        return receiver

    def make(self, environment=None, own_rule=False, **outputs):
        """A daemon for these outputs; `own_rule`: with RULE for the shipped ones."""
        settings = {"snapshot": {"interval": "1s"}, "outputs": {"stdout": {"enabled": False}, **outputs}}
        source = {"path": str(self.log), "from_start": True}
        if own_rule:
            (self.folder / "rule.yml").write_text(RULE)
            settings["rules"] = {"paths": [str(self.folder / "rule.yml")]}
            source["lateness"] = f"{self.lateness}s"
        daemon = Hark(self.hark, self.folder, [source], settings, environment)
        start = daemon.start

        def start_and_note(*arguments, **options):
            start(*arguments, **options)
            self.processes.append(daemon.process)
            return daemon
        daemon.start = start_and_note
        return daemon

    def webhook(self, url, **settings):
        secret = self.folder / "secret"
        secret.write_text(SECRET + "\n")
        return {"name": "soc", "url": url, "min_level": "informational", "secret_files": [str(secret)], "timeout": "300s", **settings}

    def run_hark(self, *arguments, code=0):
        done = subprocess.run([self.hark, *arguments], capture_output=True, text=True, check=False, timeout=120)
        self.assertEqual(done.returncode, code, f"{arguments}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def write(self, *lines):
        with open(self.log, "ab") as log:
            log.write(b"".join(lines))

    def read_secrets(self, *users, at=None, number=1):
        """Each user reads so many Secrets, a microsecond apart from that time on: one alert for each."""
        begin = self.clock.now() if at is None else at
        self.write_reads(begin, users, number)
        self.move_watermark(begin + self.lateness + 1)

    def write_reads(self, begin, users, number):
        reads = [(user, i) for user in users for i in range(number)]
        self.write(*(secret_read(stamp(begin + place * 1e-6), f"secret-{i}", user).encode() for place, (user, i) in enumerate(reads)))

    def move_watermark(self, at):
        """An event that no rule matches makes hark judge what was `lateness` before."""
        self.write(secret_read(stamp(at), "nothing", "nobody", "configmaps").encode())

    def output(self, daemon, index=0):
        return daemon.status()["outputs"][index]

    def hurry(self, daemon, seconds=61):
        """Time passes for the daemon, and its outputs look at it. A minute is more than any of them waits after failures."""
        self.clock.advance(seconds, self.shifts_wall)
        self.assertEqual(daemon.get("/api/v1/dead-letters/replay?output=nobody", "POST")[0], 200)

    def wait_until_delivered(self, daemon):
        self.wait_hurrying(daemon, lambda: self.output(daemon)["queue_length"] == 0, "everything delivered")

    def wait_hurrying(self, daemon, condition, what):
        """wait_for, but that an output which waits after failures goes on half a second later."""
        def look():
            patient = time.monotonic() + 0.5
            while time.monotonic() < patient:
                if value := condition():
                    return value
                time.sleep(0.02)
            self.hurry(daemon)
            return None
        return wait_for(look, what)

    def replay_of(self, *paths, **options):
        """The last n and the last text of each alert, by id."""
        alerts = replayed(self.hark, *paths, **options)
        self.assertTrue(alerts)
        return {alert_id: (json.loads(text)["n"], text) for alert_id, text in alerts.items()}

    def check_webhooks(self, receiver, expected, now=None):
        """What was accepted is every revision of the expected alerts, each alert's in their order; what arrived at all is nothing else, signed, and under one
        webhook-id for each revision. `now`: the clock by which attempts were made, if it is not that of the machine."""
        revisions = {(alert_id, n) for alert_id, (last, _) in expected.items() for n in range(1, last + 1)}
        ids, texts = {}, {}
        for _, path, headers, body in receiver.arrived:
            self.check_signature(headers, body, now is None)
            text = body[body.index(b'"data":') + len(b'"data":'):-1]
            alert = json.loads(text)
            key = (alert["id"], alert["n"])
            self.assertIn(key, revisions)
            self.assertEqual(path, "/")
            self.assertEqual(ids.setdefault(key, headers["webhook-id"]), headers["webhook-id"])
            self.assertEqual(texts.setdefault(key, text), text)
            if alert["n"] == expected[alert["id"]][0]:
                self.assertEqual(text, expected[alert["id"]][1])
        self.assertEqual(len(set(ids.values())), len(ids))
        order = [(alert["id"], alert["n"]) for alert in (json.loads(body)["data"] for *_, body in receiver.accepted)]
        self.assertEqual(set(order), revisions)
        numbers = {}
        for alert_id, n in dict.fromkeys(order):
            numbers.setdefault(alert_id, []).append(n)
        for alert_id, (last, _) in expected.items():
            self.assertEqual(numbers[alert_id], list(range(1, last + 1)))

    def check_signature(self, headers, body, is_of_now):
        webhook = standardwebhooks.Webhook(SECRET)
        if is_of_now:
            webhook.verify(body, headers)
        else:  # `verify` asks the clock of the machine
            at = time.gmtime(int(headers["webhook-timestamp"]))
            self.assertEqual(webhook.sign(headers["webhook-id"], standardwebhooks.webhooks.datetime(*at[:6]), body.decode()), headers["webhook-signature"])


def main():
    DeliveryTest.hark = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
