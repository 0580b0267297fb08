"""An API server's side of the audit webhook: batches of events, posted as kube-apiserver posts them."""

import concurrent.futures
import http.client
import json
import socket
import threading
import time
import urllib.parse

# As the API server of data/kube-1.20 sends them.
HEADERS = {"User-Agent": "Go-http-client/1.1", "Accept": "application/json, */*", "Content-Type": "application/json", "Accept-Encoding": "gzip"}
HEAD = b'{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":['


def event_list(lines):
    return HEAD + b",".join(line.strip() for line in lines) + b"]}\n"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def batches_of(lines, size=400):
    return [lines[begin:begin + size] for begin in range(0, len(lines), size)]


class ApiServer:
    """Posts batches, each on its own: one that fails is sent again while others go on, and is given up after the last attempt.

    Backoff as of kube-apiserver's webhook: `attempts` in all, `initial` seconds between the first two and 1.5 times as long each time after. All times are divided by `speed`.
    """

    ATTEMPTS, INITIAL, FACTOR, TIMEOUT = 5, 10, 1.5, 30

    def __init__(self, url, tls=None, token=None, speed=1.0, source=None, parallel=64):
        parts = urllib.parse.urlsplit(url)
        self.host, self.port, self.path = parts.hostname, parts.port, parts.path + "?timeout=30s"
        self.tls, self.speed, self.source = tls, speed, source
        self.headers = dict(HEADERS, **({"Authorization": f"Bearer {token}"} if token else {}))
        self.local = threading.local()
        self.pool = concurrent.futures.ThreadPoolExecutor(parallel)
        self.lock = threading.Lock()
        self.acknowledged, self.given_up, self.codes, self.seconds = [], [], {}, []
        self.futures, self.connections = [], []

    def connection(self):
        if getattr(self.local, "connection", None) is None:
            timeout = self.TIMEOUT / min(self.speed, 3)
            source = (self.source, 0) if self.source else None
            if self.tls:
                made = http.client.HTTPSConnection(self.host, self.port, timeout=timeout, context=self.tls, source_address=source)
            else:
                made = http.client.HTTPConnection(self.host, self.port, timeout=timeout, source_address=source)
            self.local.connection = made
            with self.lock:
                self.connections.append(made)
        return self.local.connection

    def post(self, body):
        """The status of one request; 0 if there was no answer."""
        begin = time.monotonic()
        try:
            connection = self.connection()
            connection.request("POST", self.path, body, self.headers)
            answer = connection.getresponse()
            answer.read()
            code = answer.status
            if answer.will_close:
                self.drop()
        except (OSError, http.client.HTTPException):
            self.drop()
            code = 0
        with self.lock:
            self.codes[code] = self.codes.get(code, 0) + 1
            if code == 200:
                self.seconds.append(time.monotonic() - begin)
        return code

    def drop(self):
        self.local.connection.close()
        self.local.connection = None

    def deliver(self, batch):
        body = event_list(batch)
        wait = self.INITIAL / self.speed
        for attempt in range(self.ATTEMPTS):
            if self.post(body) == 200:
                with self.lock:
                    self.acknowledged.append(batch)
                return
            if attempt + 1 < self.ATTEMPTS:
                time.sleep(wait)
                wait *= self.FACTOR
        with self.lock:
            self.given_up.append(batch)

    def send(self, batch):
        self.futures.append(self.pool.submit(self.deliver, batch))

    def send_at_rate(self, batches, per_second):
        begin = time.monotonic()
        for i, batch in enumerate(batches):
            time.sleep(max(0, begin + i / per_second - time.monotonic()))
            self.send(batch)

    def finish(self):
        """Waits until every batch was acknowledged or given up."""
        for future in self.futures:
            future.result()
        self.close()

    def close(self):
        self.pool.shutdown()
        for connection in self.connections:
            connection.close()


def seconds_of(line):
    """The stageTimestamp of an event in seconds."""
    text = json.loads(line)["stageTimestamp"]
    return time.mktime(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) + float("0" + text[19:-1])


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]
