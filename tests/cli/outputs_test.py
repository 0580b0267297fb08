#!/usr/bin/env python3
"""`hark outputs test`, `hark silence` and `hark dlq` as a user runs them, where no daemon runs.

usage: outputs_test.py HARK [unittest arguments]
"""

import base64
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import threading
import unittest

HARK = ""
KEY = bytes(range(32))


class Receiver(http.server.BaseHTTPRequestHandler):
    """Keeps what it gets, and answers with the status of its server."""

    def do_POST(self):  # noqa: N802
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((self.path, dict(self.headers), body))
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(b"\x1b[31mno\n" if self.server.status >= 300 else b"")

    def log_message(self, *_):
        pass


class OutputsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        self.receiver.requests, self.receiver.status = [], 200
        threading.Thread(target=self.receiver.serve_forever, daemon=True).start()
        self.addCleanup(self.receiver.server_close)
        self.addCleanup(self.receiver.shutdown)
        self.url = f"http://127.0.0.1:{self.receiver.server_port}"

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return str(path)

    def hark(self, *arguments, code=0):
        done = subprocess.run([HARK, *arguments], capture_output=True, text=True, check=False, timeout=120)
        self.assertEqual(done.returncode, code, f"{arguments}\n{done.stdout}\n{done.stderr}")
        return done

    def config(self):
        secret = self.write("secret", "whsec_" + base64.b64encode(KEY).decode())
        return self.write("hark.yaml", f"""
outputs:
  webhooks: [{{name: soc, url: {self.url}/hook, secret_files: [{secret}]}}]
  alertmanagers: [{{name: am, urls: [{self.url}]}}]
  slack: [{{name: chat, url_file: {self.write("url", self.url + "/T/B/hunter2")}}}]
""")


class TestTest(OutputsTest):
    def test_sends_to_every_output_and_says_what_became_of_it(self):
        done = self.hark("outputs", "test", "--config", self.config())
        self.assertEqual(done.stdout, "soc: delivered\nam: delivered\nchat: delivered\n")
        self.assertEqual([path for path, _, _ in self.receiver.requests], ["/hook", "/api/v2/alerts", "/T/B/hunter2"])

    def test_a_webhook_is_signed(self):
        self.hark("outputs", "test", "soc", "--config", self.config())
        [(_, headers, body)] = self.receiver.requests
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        mac = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
        self.assertEqual(headers["webhook-signature"], f"v1,{mac}")
        self.assertEqual(json.loads(body)["data"]["rule"]["name"], "hark_output_test")

    def test_what_fails_is_exit_code_4_and_shows_the_answer_without_its_secrets(self):
        self.receiver.status = 403
        done = self.hark("outputs", "test", "chat", "--config", self.config(), code=4)
        self.assertEqual(done.stdout, "chat: failed: HTTP 403: \\x1b[31mno\\n\n")
        self.assertNotIn("hunter2", done.stdout + done.stderr)

    def test_an_unknown_name_is_a_wrong_usage(self):
        self.assertIn("nobody", self.hark("outputs", "test", "nobody", "--config", self.config(), code=2).stderr)

    def test_link_local_addresses_are_refused(self):
        path = self.write("hark.yaml", "outputs: {webhooks: [{name: a, url: 'http://169.254.169.254/'}]}")
        self.assertIn("link-local", self.hark("outputs", "test", "--config", path, code=4).stdout)


class DatabaseTest(OutputsTest):
    def setUp(self):
        super().setUp()
        self.data = self.folder / "data"
        self.data.mkdir(mode=0o700)
        (self.data / "lock").touch()
        self.hark("silence", "list", "--data-dir", str(self.data))  # makes the database

    def on_data(self, *arguments, code=0):
        return self.hark(*arguments, "--data-dir", str(self.data), code=code)

    def add_letters(self):
        with sqlite3.connect(self.data / "hark.db") as database:
            for number in range(3):
                database.execute("INSERT INTO dead_letters(output, id, n, failed, attempts, status, reason, answer, detected, json) "
                                 "VALUES(?, ?, 1, 1795457062000000, 2, 422, 'HTTP 422', 'no', 1795457062000000, '{\"a\":1}')",
                                 ("soc" if number else "a\x1bb", f"{number:032x}"))
        database.close()

    def test_a_silence_is_added_listed_and_ended(self):
        self.assertEqual(self.on_data("silence", "list").stdout, "no silences\n")
        done = self.on_data("silence", "add", "actor=alice", "--until", "2h", "--reason", "a test", "--author", "bob")
        self.assertEqual(done.stdout, "silence 1\n")
        self.assertRegex(self.on_data("silence", "list").stdout, r"\n     1  \S+  bob           actor=alice \(a test\)\n$")
        [silence] = json.loads(self.on_data("silence", "list", "--json").stdout)["silences"]
        self.assertEqual(silence["matchers"], "actor=alice")
        self.on_data("silence", "expire", "1")
        self.assertEqual(self.on_data("silence", "list").stdout, "no silences\n")
        self.assertIn("actor=alice", self.on_data("silence", "list", "--all").stdout)

    def test_wrong_matchers_are_a_wrong_usage(self):
        done = self.on_data("silence", "add", "actr=alice", "--until", "2h", "--reason", "a", "--author", "b", code=2)
        self.assertIn("unknown field 'actr'", done.stderr)

    def test_dead_letters_are_listed_shown_replayed_and_purged(self):
        self.assertEqual(self.on_data("dlq", "list").stdout, "no dead letters\n")
        self.add_letters()
        listed = self.on_data("dlq", "list").stdout
        self.assertIn("a\\x1bb", listed)
        self.assertIn("HTTP 422 (422)", listed)
        self.assertEqual(len(listed.splitlines()), 4)
        self.assertEqual(len(self.on_data("dlq", "list", "--output", "soc").stdout.splitlines()), 3)
        self.assertEqual(json.loads(self.on_data("dlq", "show", "2").stdout)["alert"], {"a": 1})
        self.on_data("dlq", "show", "9", code=4)
        self.assertEqual(self.on_data("dlq", "replay", "--output", "soc").stdout, "2 dead letters are tried again\n")
        self.on_data("dlq", "purge", code=2)
        self.assertEqual(self.on_data("dlq", "purge", "2").stdout, "1 dead letter is gone\n")
        self.assertIn("there is no dead letter 2", self.on_data("dlq", "purge", "2", code=4).stderr)
        self.assertEqual(self.on_data("dlq", "purge", "--all").stdout, "2 dead letters are gone\n")


if __name__ == "__main__":
    HARK = sys.argv.pop(1)
    assert os.access(HARK, os.X_OK)
    unittest.main()
