#!/usr/bin/env python3
"""The audit webhook over TLS, with the certificates of deploy/kube-apiserver: who may post, who may not, and what strangers can do to the API server that may.

usage: webhook_strangers_test.py HARK [unittest arguments]
"""

import base64
import gzip
import http.client
import pathlib
import re
import resource
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from daemon_support import Hark, ROOT, recorded_lines, wait_for
from webhook_support import HEADERS, ApiServer, batches_of, event_list, free_port

HARK = ""
LINES = recorded_lines()
MAKE_CERTIFICATES = ROOT / "deploy/kube-apiserver/make-certificates"
STRANGER, SECOND_STRANGER, THIRD_STRANGER = "127.0.0.2", "127.0.0.3", "127.0.0.4"


class Certificates:
    """What make-certificates makes, in a folder."""

    def __init__(self, folder, clusters, port, days_ago=0, days=365):
        self.folder = pathlib.Path(folder)
        command = [MAKE_CERTIFICATES, "--address", "127.0.0.1", "--port", str(port), "--out", self.folder, "--path", self.folder, "--days", str(days)]
        for cluster in clusters:
            command += ["--cluster", cluster]
        past = ["faketime", "-f", f"-{days_ago}d"] if days_ago else []
        subprocess.run(past + command, check=True, capture_output=True)

    def client(self, cluster):
        """(certificate, key) of the cluster's kubeconfig, as files."""
        kubeconfig = (self.folder / f"{cluster}.kubeconfig").read_text()
        files = []
        for key, suffix in (("client-certificate-data", "crt"), ("client-key-data", "key")):
            path = self.folder / f"{cluster}.{suffix}"
            path.write_bytes(base64.b64decode(re.search(rf"{key}: (\S+)", kubeconfig).group(1)))
            files.append(path)
        return files

    def context(self, cluster=None, server_ca=None):
        context = ssl.create_default_context(cafile=server_ca or self.folder / "ca.crt")
        if cluster:
            certificate, key = self.client(cluster)
            context.load_cert_chain(certificate, key)
        return context


class TlsTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.port = free_port()
        self.certificates = Certificates(self.folder / "tls", ["production", "staging"], self.port)
        self.daemon = Hark(HARK, self.folder, [])
        self.daemon.config["sources"] = {}
        self.daemon.write_config()
        (self.folder / "conf.d").mkdir()
        (self.folder / "conf.d/webhooks.yaml").write_text((self.folder / "tls/webhooks.yaml").read_text())
        self.addCleanup(lambda: self.daemon.process.poll() is None and self.daemon.kill())
        self.daemon.start()

    def api(self, cluster="production", context=None, **options):
        server = ApiServer(f"https://127.0.0.1:{self.port}/audit/{cluster}", tls=context or self.certificates.context(cluster), **options)
        self.addCleanup(server.close)
        return server


class CredentialsTest(TlsTest):
    def test_curl_posts_a_body_with_the_headers_of_an_api_server(self):
        certificate, key = self.certificates.client("production")
        body = self.folder / "body.json"
        body.write_bytes(event_list(LINES[:400]))
        command = ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", self.folder / "tls/ca.crt", "--cert", certificate, "--key", key,
                   "--data-binary", f"@{body}", f"https://127.0.0.1:{self.port}/audit/production?timeout=30s"]
        for name, value in HEADERS.items():
            command += ["-H", f"{name}: {value}"]
        done = subprocess.run(command, capture_output=True, timeout=30)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"200", b""))
        self.assertEqual(self.daemon.events_read(), 400)

    def test_who_may_not_post(self):
        body = event_list(LINES[:3])
        self.assertEqual(self.api().post(body), 200)
        self.assertEqual(self.api("production", self.certificates.context("staging"), source=STRANGER).post(body), 403)
        self.assertEqual(self.api("staging", self.certificates.context("staging")).post(body), 200)
        self.assertEqual(self.api(context=self.certificates.context(), source=STRANGER).post(body), 401)
        server_ca = self.folder / "tls/ca.crt"
        other = Certificates(self.folder / "other", ["production"], self.port)
        self.assertIn(self.api(context=other.context("production", server_ca), source=STRANGER).post(body), (0, 401))
        expired = self.folder / "expired"
        expired.mkdir()
        for name in ("ca.crt", "ca.key"):
            (expired / name).write_bytes((self.folder / "tls" / name).read_bytes())
        old = Certificates(expired, ["production"], self.port, days_ago=60, days=30)
        self.assertIn(self.api(context=old.context("production", server_ca), source=STRANGER).post(body), (0, 401))
        self.assertEqual(self.daemon.events_read(), 6)
        plain = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        self.addCleanup(plain.close)
        with self.assertRaises((OSError, http.client.HTTPException)):
            plain.request("POST", "/audit/production", body)
            plain.getresponse()

    def test_certificates_are_renewed_while_it_runs(self):
        server = self.api()
        self.assertEqual(server.post(event_list(LINES[:1])), 200)
        name = f'hark_certificate_expiry_timestamp_seconds{{listener="0.0.0.0:{self.port}"}}'
        before = self.daemon.metric(name)
        self.assertGreater(before, time.time() + 300 * 86400)
        Certificates(self.folder / "tls", ["production", "staging"], self.port, days=500)
        wait_for(lambda: self.daemon.metric(name) > before, "the new certificate is used")
        self.assertEqual(server.post(event_list(LINES[1:2])), 200)  # over the connection that stood
        self.assertEqual(len(server.connections), 1)
        self.assertEqual(self.api().post(event_list(LINES[2:3])), 200)


class StrangersTest(TlsTest):
    def setUp(self):
        super().setUp()
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit[1], limit[1]))
        self.worst, self.served, self.done = 0.0, 0, threading.Event()
        self.good = threading.Thread(target=self.post_all_the_time)
        self.good.start()
        self.addCleanup(self.done.set)

    def post_all_the_time(self):
        """The API server that may: it opens a connection for each batch, which is the worst case."""
        i = 0
        while not self.done.is_set():
            server = ApiServer(f"https://127.0.0.1:{self.port}/audit/production", tls=self.certificates.context("production"))
            begin = time.monotonic()
            code = server.post(event_list(LINES[i % 20000:i % 20000 + 10]))
            self.worst = max(self.worst, time.monotonic() - begin)
            server.close()
            if code != 200:
                self.failure = code
                return
            self.served += 1
            i += 10
            time.sleep(0.1)

    def expect_served(self):
        served = self.served
        wait_for(lambda: self.served > served + 2 or not self.good.is_alive(), "served")
        self.done.set()
        self.good.join()
        self.assertIsNone(getattr(self, "failure", None))
        self.assertLess(self.worst, 1.0)

    def connect(self, source, tls=True):
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=40, source_address=(source, 0))
        if tls:
            connection = self.certificates.context("staging").wrap_socket(connection, server_hostname="127.0.0.1")
        self.addCleanup(connection.close)
        return connection

    def drip(self, connection, head, results):
        """Sends a byte a second behind the head. How long until it was cut."""
        begin = time.monotonic()
        try:
            connection.sendall(head)
            while time.monotonic() - begin < 60:
                time.sleep(1)
                connection.sendall(b"x")
        except OSError:
            pass
        results.append(time.monotonic() - begin)

    def test_slow_ones_are_cut(self):
        head = b"POST /audit/staging HTTP/1.1\r\nHost: x\r\n"
        results = []
        threads = [threading.Thread(target=self.drip, args=(self.connect(STRANGER), start, results))
                   for start in (head, head + b"A: ", head + b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n") for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(results), 9)
        self.assertLess(max(results), 32)
        self.expect_served()

    def test_ten_thousand_connections(self):
        sources = (STRANGER, SECOND_STRANGER, THIRD_STRANGER)
        made = []
        for i in range(10_000):
            connection = socket.socket()
            connection.setblocking(False)
            connection.bind((sources[i % 3], 0))
            connection.connect_ex(("127.0.0.1", self.port))
            made.append(connection)
            if i % 50 == 0:
                time.sleep(0.01)
        self.assertGreater(self.served, 0)
        self.expect_served()
        for connection in made:
            connection.close()

    def request(self, head, body=(), source=STRANGER):
        """The status of a raw request; 0 if it was cut."""
        connection = self.connect(source)
        try:
            connection.sendall(head)
            for part in body:
                connection.sendall(part)
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            return answer.status
        except (OSError, http.client.HTTPException):
            return 0

    def test_bombs_are_refused(self):
        head = b"POST /audit/staging HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        packed = gzip.compress(event_list(LINES[:3]))
        self.assertEqual(self.request(head + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed), [packed]), 415)
        self.assertIn(self.request(head + b"".join(b"X-%d: %s\r\n" % (i, b"x" * 1000) for i in range(2000)) + b"\r\n"), (0, 400, 431))
        self.assertIn(self.request(head + b"X: " + b"x" * 5_000_000 + b"\r\n\r\n"), (0, 400, 431))
        chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
        endless = (chunk for _ in range(1 << 20))
        begin = time.monotonic()
        self.assertIn(self.request(head + b"Transfer-Encoding: chunked\r\n\r\n", endless), (0, 429))
        self.assertLess(time.monotonic() - begin, 30)
        self.expect_served()


if __name__ == "__main__":
    HARK = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
