#!/usr/bin/env python3
"""A webhook receiver in a process of its own that takes thousands of requests a second, so that what is measured is the sender.

It says its port. Lines of standard input tell it what to do: "listen" (before that connections are refused), "report" (what arrived so far, as a line of JSON).
The end of the input ends it.
"""

import asyncio
import datetime
import json
import re
import socket
import sys
import time

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
DETECTED = re.compile(rb'"timestamp":"([^"]+)"')
REVISION = re.compile(rb'"id":"([^"]+)","n":(\d+)')


class Arrivals:
    def __init__(self):
        self.latencies = []  # seconds from the time beside the alert to the receipt
        self.newest = {}  # n by alert
        self.revisions = self.repeated = self.disordered = 0

    def add(self, body):
        now = time.time()
        detected = datetime.datetime.fromisoformat(DETECTED.search(body)[1].decode().replace("Z", "+00:00"))
        self.latencies.append(now - detected.timestamp())
        alert, n = REVISION.search(body).groups()
        before, n = self.newest.get(alert, 0), int(n)
        self.repeated += n <= before
        self.disordered += n > before + 1
        self.revisions += n == before + 1
        self.newest[alert] = max(before, n)

    def report(self):
        ordered = sorted(self.latencies)
        percentiles = {str(percent): ordered[min(len(ordered) * percent // 100, len(ordered) - 1)] for percent in (50, 90, 99, 100)} if ordered else {}
        return {"revisions": self.revisions, "alerts": len(self.newest), "repeated": self.repeated, "disordered": self.disordered, "latency": percentiles}


class Connection(asyncio.Protocol):
    def __init__(self, arrivals):
        self.arrivals = arrivals
        self.buffer = b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            size = end + 4 + int(LENGTH.search(self.buffer, 0, end + 2)[1])
            if len(self.buffer) < size:
                return
            self.arrivals.add(self.buffer[end + 4:size])
            self.buffer = self.buffer[size:]
            self.transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")


async def serve():
    arrivals = Arrivals()
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    loop = asyncio.get_running_loop()
    commands = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    server = None
    while command := (await commands.readline()).strip():
        if command == b"listen":
            server = await loop.create_server(lambda: Connection(arrivals), sock=listener, backlog=128)
        elif command == b"report":
            print(json.dumps(arrivals.report()), flush=True)
    if server is not None:
        server.close()


asyncio.run(serve())
