#!/usr/bin/env python3
"""`hark run`, `hark outputs test` and `hark dlq` against receivers that speak TLS, ask for certificates, and lie behind a proxy.

usage: delivery_tls_test.py HARK [unittest arguments]
"""

import http.server
import json
import pathlib
import select
import socket
import subprocess
import threading
import urllib.parse

from daemon_support import wait_for
from delivery_support import DeliveryTest, main


class Proxy(http.server.ThreadingHTTPServer):
    """An HTTP proxy that leads every name to 127.0.0.1."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), ProxyHandler)
        self.targets = []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class ProxyHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_CONNECT(self):  # noqa: N802
        self.server.targets.append(self.path)
        with socket.create_connection(("127.0.0.1", int(self.path.rsplit(":", 1)[1]))) as target:
            self.send_response(200)
            self.end_headers()
            self.relay(target)

    def do_POST(self):  # noqa: N802
        self.server.targets.append(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with socket.create_connection(("127.0.0.1", urllib.parse.urlsplit(self.path).port)) as target:
            head = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
            target.sendall(f"POST / HTTP/1.1\r\n{head}\r\n".encode() + body)
            self.relay(target)

    def relay(self, target):
        self.close_connection = True
        while True:
            for end in select.select([target, self.connection], [], [])[0]:
                data = end.recv(65536)
                if not data:
                    return
                (self.connection if end is target else target).sendall(data)

    def log_message(self, *_):
        pass


class SecureTest(DeliveryTest):
    """With certificates."""

    def setUp(self):
        super().setUp()
        self.ca = self.certificates.authority()[0]

    def secure(self, *certificate, **options):
        return self.receiver(context=self.certificates.context(*certificate or ("good",), **options))

    def tls(self, receiver, **settings):
        return self.webhook(receiver.url, tls={"ca_file": self.ca, **settings})

    def start(self, environment=(), **webhook):
        self.read_secrets("alice", "bob", number=3)
        return self.make(self.clock.environment() | dict(environment), own_rule=True, webhooks=[webhook]).start()

    def expect_failure(self, daemon, *texts):
        """That is why the output fails, and `hark outputs test` says the same."""
        tried = self.run_hark("outputs", "test", "--config", daemon.config_path, code=4)
        self.assertTrue(tried.startswith("soc: failed: "), tried)
        for text in texts:
            self.wait_hurrying(daemon, lambda: text in self.output(daemon).get("last_error", ""), f"failing with {text!r}")
            self.assertIn(text, tried)

    def expect_all(self, daemon, receiver):
        """Everything arrives by itself."""
        self.wait_until_delivered(daemon)
        done = self.output(daemon)
        self.assertEqual((done["state"], done["dead_letters"]), ("working", 0))
        daemon.kill()
        daemon.drain()
        self.check_webhooks(receiver, self.replay_of(self.log, rules=self.folder / "rule.yml"))


class TlsTest(SecureTest):
    def test_a_receiver_that_shows_a_wrong_certificate_is_sent_nothing_until_it_shows_a_right_one(self):
        receiver = self.secure("foreign", authority="other")
        daemon = self.start(**self.tls(receiver))
        self.expect_failure(daemon, "unable to get local issuer certificate", "tls.ca_file")
        receiver.context = self.certificates.context("expired", shift="-30d")
        self.expect_failure(daemon, "certificate has expired")
        receiver.context = self.certificates.context("misnamed", host="DNS:elsewhere.test")
        self.expect_failure(daemon, "no alternative certificate subject name matches target host name '127.0.0.1'")
        self.assertEqual(receiver.arrived, [])
        self.assertGreater(self.output(daemon)["revisions"]["retried"], 2)
        receiver.context = self.certificates.context("good")
        self.expect_all(daemon, receiver)

    def test_an_authority_that_is_changed_is_trusted_from_the_next_connection_on(self):
        receiver = self.secure("foreign", authority="other")
        trusted = self.folder / "trusted.pem"
        trusted.write_bytes(pathlib.Path(self.ca).read_bytes())
        daemon = self.start(**self.webhook(receiver.url, tls={"ca_file": str(trusted)}))
        self.expect_failure(daemon, "unable to get local issuer certificate")
        trusted.write_bytes(pathlib.Path(self.certificates.authority("other")[0]).read_bytes())
        self.expect_all(daemon, receiver)

    def test_a_receiver_that_asks_for_a_certificate_gets_it(self):
        receiver = self.secure("good", clients="ca")
        daemon = self.start(**self.tls(receiver))
        self.expect_failure(daemon, "certificate required", "tls.cert_file")
        self.assertEqual(receiver.arrived, [])
        cert, key = self.certificates.certificate("hark", host="DNS:hark.test")
        daemon.config["outputs"]["webhooks"] = [self.tls(receiver, cert_file=cert, key_file=key)]
        daemon.write_config()
        self.assertEqual(daemon.get("/-/reload", "POST")[0], 200)
        self.expect_all(daemon, receiver)
        self.assertEqual(receiver.clients, {"hark"})

    def test_a_certificate_of_an_authority_that_the_receiver_does_not_know_is_said_to_be_refused(self):
        receiver = self.secure("good", clients="ca")
        cert, key = self.certificates.certificate("stranger", authority="other", host="DNS:hark.test")
        daemon = self.start(**self.tls(receiver, cert_file=cert, key_file=key))
        self.expect_failure(daemon, "unknown ca", "does not accept the certificate")

    def test_a_receiver_without_tls_is_said_to_have_none(self):
        receiver = self.receiver()
        daemon = self.start(**self.webhook(receiver.url.replace("http:", "https:"), tls={"ca_file": self.ca}))
        self.expect_failure(daemon, "does not speak TLS")

    def test_connections_that_break_in_every_way_are_tried_again(self):
        receiver = self.secure()
        ways = iter([("reset", {}), ("half", {}), ("hang", {}), (500, {})])
        receiver.answer = lambda: next(ways, (200, {}))
        daemon = self.start(**self.tls(receiver) | {"timeout": "1s"})
        self.expect_all(daemon, receiver)
        self.assertGreater(receiver.failures, 3)

    def test_one_that_never_answers_the_handshake_is_given_up_after_the_time_out(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            daemon = self.start(**self.webhook(f"https://127.0.0.1:{silent.getsockname()[1]}", timeout="1s"))
            self.expect_failure(daemon, "timed out after")

    def test_a_ca_file_is_trusted_in_place_of_the_systems(self):
        system = self.folder / "system"
        system.mkdir()
        other, _ = self.certificates.authority("other")
        name = subprocess.run(["openssl", "x509", "-hash", "-noout", "-in", other], check=True, capture_output=True, text=True).stdout.strip()
        (system / f"{name}.0").write_bytes(pathlib.Path(other).read_bytes())
        receiver = self.secure("foreign", authority="other")
        self.assertEqual(self.try_with_system(system, self.tls(receiver)).returncode, 4)
        self.assertEqual(receiver.arrived, [])
        self.assertEqual(self.try_with_system(system, self.webhook(receiver.url)).stdout, "soc: delivered\n")

    def try_with_system(self, certificates, webhook):
        """`hark outputs test` where the system trusts the certificates in that folder only."""
        (certificates / "ca-certificates.crt").write_bytes(b"".join(path.read_bytes() for path in certificates.glob("*.0")))
        daemon = self.make(webhooks=[webhook])
        script = 'mount --bind "$1" /etc/ssl/certs && exec "$2" outputs test --config "$3"'
        return subprocess.run(["unshare", "--mount", "sh", "-c", script, "sh", certificates, self.hark, daemon.config_path],
                              capture_output=True, text=True, check=False, timeout=60)


class ProxyTest(SecureTest):
    """Of the environment nothing counts: it names a proxy that is not there, and says that none is to be used."""

    ENVIRONMENT = {"http_proxy": "http://127.0.0.1:1", "https_proxy": "http://127.0.0.1:1", "no_proxy": "*"}

    def through_proxy(self, receiver, **settings):
        proxy = Proxy()
        self.addCleanup(proxy.server_close)
        self.addCleanup(proxy.shutdown)
        url = receiver.url.replace("127.0.0.1", "receiver.test")
        daemon = self.start(self.ENVIRONMENT, **self.webhook(url, proxy=f"http://127.0.0.1:{proxy.server_port}", **settings))
        self.expect_all(daemon, receiver)
        self.assertTrue(proxy.targets)
        return set(proxy.targets)

    def test_https_goes_through_a_tunnel(self):
        receiver = self.secure("named", host="DNS:receiver.test")
        self.assertEqual(self.through_proxy(receiver, tls={"ca_file": self.ca}), {f"receiver.test:{receiver.server_port}"})

    def test_http_is_handed_on(self):
        receiver = self.receiver()
        self.assertEqual(self.through_proxy(receiver), {f"http://receiver.test:{receiver.server_port}/"})


class CommandTest(SecureTest):
    def test_dead_letters_of_a_receiver_with_tls_are_listed_shown_replayed_and_purged(self):
        receiver = self.secure()
        receiver.answer = lambda: (422, {})
        daemon = self.start(**self.tls(receiver))
        on_data = ("--data-dir", daemon.data_dir)
        letters = 4  # two revisions of two alerts
        wait_for(lambda: self.output(daemon)["dead_letters"] == letters, "refused")
        listed = self.run_hark("dlq", "list", *on_data)
        self.assertEqual(len(listed.splitlines()), 1 + letters)
        self.assertIn("HTTP 422 (422)", listed)
        number = listed.splitlines()[1].split()[0]
        shown = json.loads(self.run_hark("dlq", "show", number, *on_data))
        self.assertEqual((shown["output"], shown["status"], shown["alert"]["rule"]["name"]), ("soc", 422, "secret_read"))
        receiver.context = self.certificates.context("expired", shift="-30d")
        daemon.get("/-/reload", "POST")
        self.run_hark("dlq", "replay", number, *on_data)
        self.expect_failure(daemon, "certificate has expired")
        self.assertEqual(len(self.run_hark("dlq", "list", *on_data).splitlines()), 1 + letters)
        receiver.answer = lambda: (200, {})
        receiver.context = self.certificates.context("good")
        self.assertEqual(self.run_hark("outputs", "test", "--config", daemon.config_path), "soc: delivered\n")
        self.wait_hurrying(daemon, lambda: self.output(daemon)["revisions"]["replayed"] == 1, "replayed")
        self.assertEqual(json.loads(receiver.accepted[-1][3])["data"], shown["alert"])
        wait_for(lambda: len(self.run_hark("dlq", "list", *on_data).splitlines()) == letters, "one less")
        self.assertEqual(self.run_hark("dlq", "purge", "--all", *on_data), f"{letters - 1} dead letters are gone\n")
        self.assertEqual(self.run_hark("dlq", "list", *on_data), "no dead letters\n")


if __name__ == "__main__":
    main()
