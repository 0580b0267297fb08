"""Receivers of alerts, for the tests of a running hark: a webhook by script, and a real Alertmanager."""

import http.server
import json
import pathlib
import socket
import struct
import subprocess
import threading
import time
import urllib.request

from daemon_support import wait_for


class Receiver(http.server.ThreadingHTTPServer):
    """A webhook receiver that answers as `answer` says: a status, with headers, or "reset", "half" or "hang". `echoes`: with
    what it was sent as the body, or with these bytes. `by_body`: the status that a body gets, in place of `answer`."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, answer=lambda: (200, {}), echoes=False, by_body=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.echoes = echoes
        self.by_body = by_body
        self.lock = threading.Lock()
        self.accepted = []  # (path, headers, body) of what was answered 2xx
        self.refused = []  # the same of all else
        self.ids = {}  # webhook-id by (id, n), and the other way round
        self.failures = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # hark was killed

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):  # noqa: N802
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server = self.server
        with server.lock:
            status, headers = (server.by_body(body), {}) if server.by_body else server.answer()
            accepted = status in range(200, 300)
            (server.accepted if accepted else server.refused).append((self.path, dict(self.headers), body))
            server.failures += not accepted
        if status == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return
        if status == "half":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            self.close_connection = True
            return
        if status == "hang":
            time.sleep(2)
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        answer = server.echoes if isinstance(server.echoes, bytes) else body if server.echoes else b""
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

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
        cluster = [f"--cluster.peer=127.0.0.1:{self.peer}", "--cluster.settle-timeout=1s"] if self.peer else []
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
