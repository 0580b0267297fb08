"""Receivers of alerts, for the tests of a running hark: a webhook by script, and a real Alertmanager."""

import http.server
import json
import os
import pathlib
import socket
import ssl
import struct
import subprocess
import threading
import time
import urllib.parse
import urllib.request

from daemon_support import wait_for


class Receiver(http.server.ThreadingHTTPServer):
    """A webhook receiver that answers as `answer` says: a status, with headers, or "reset", "half" or "hang". It keeps what it is sent.

    `context`: of TLS. `echoes`: with what it was sent as the body, or with these bytes. `by_body`: the status that a body gets, in place of `answer`."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, answer=lambda: (200, {}), context=None, echoes=False, by_body=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.context = context  # for connections from now on
        self.echoes = echoes
        self.by_body = by_body
        self.delay = 0  # seconds that an answer takes
        self.lock = threading.Lock()
        self.arrived = []  # (time, path, headers, body) of all
        self.accepted = []  # of what was answered 2xx
        self.clients = set()  # common names in the certificates of clients
        self.in_flight = self.most_in_flight = self.failures = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def finish_request(self, request, client_address):  # on the thread of the connection
        if self.context is not None:
            request.settimeout(10)
            request = self.context.wrap_socket(request, server_side=True, do_handshake_on_connect=False)
        try:
            if self.context is not None:
                request.do_handshake()
            super().finish_request(request, client_address)
        except ssl.SSLError:
            time.sleep(0.2)  # closed at once, the connection may be reset before the client has read why
            raise
        finally:
            request.close()

    def handle_error(self, request, client_address):
        pass  # hark was killed, or did not like the certificate

    @property
    def url(self):
        return f"{'http' if self.context is None else 'https'}://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):  # noqa: N802
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server = self.server
        # Through a proxy a whole URL comes.
        request = (time.monotonic(), urllib.parse.urlsplit(self.path).path, dict(self.headers), body)
        if isinstance(self.connection, ssl.SSLSocket) and self.connection.getpeercert():
            server.clients.add(dict(name[0] for name in self.connection.getpeercert()["subject"])["commonName"])
        with server.lock:
            server.in_flight += 1
            server.most_in_flight = max(server.most_in_flight, server.in_flight)
            status, headers = (server.by_body(body), {}) if server.by_body else server.answer()
            server.arrived.append(request)
            if status in range(200, 300):
                server.accepted.append(request)
            else:
                server.failures += 1
        time.sleep(server.delay)
        with server.lock:
            server.in_flight -= 1
        self.say(status, headers, server.echoes if isinstance(server.echoes, bytes) else body if server.echoes else b"")

    def say(self, status, headers, body):
        if isinstance(status, str):
            self.close_connection = True
        if status == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(self.connection.detach())
        elif status == "half":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        elif status == "hang":
            time.sleep(2)
        else:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_):
        pass


def free_ports(number):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Alertmanager:
    """A replica of Alertmanager, alone or with one peer, that tells a webhook what it would tell people."""

    def __init__(self, folder, people_url, name="am", ports=None, peer=None):
        self.folder = pathlib.Path(folder)
        self.name = name
        self.port, self.cluster_port = ports or free_ports(2)
        self.peer = peer
        self.process = None
        self.config = self.folder / f"{name}.yml"
        self.config.write_text(f"""
route: {{receiver: people, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}
receivers: [{{name: people, webhook_configs: [{{url: '{people_url}', send_resolved: true}}]}}]
""")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        """The process, once it answers."""
        cluster = [f"--cluster.peer=127.0.0.1:{self.peer}", "--cluster.settle-timeout=1s", "--cluster.peer-timeout=1s"] if self.peer else []
        self.process = subprocess.Popen(
            ["prometheus-alertmanager", f"--config.file={self.config}", f"--storage.path={self.folder}/{self.name}",
             f"--web.listen-address=127.0.0.1:{self.port}", f"--cluster.listen-address=127.0.0.1:{self.cluster_port}", *cluster],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: self.alerts() is not None, "Alertmanager")
        return self.process

    def stop(self):
        self.process.kill()
        self.process.wait()

    def alerts(self):
        """The labels of all that it knows; None if it does not answer."""
        try:
            with urllib.request.urlopen(f"{self.url}/api/v2/alerts", timeout=10) as answer:
                return {frozenset(alert["labels"].items()) for alert in json.load(answer)}
        except OSError:
            return None
