#!/usr/bin/env python3
"""`hark run` and receivers that fail: a webhook by script, for a day, while hark is killed; one that has enough, one that is slow, limits.

HARK_SYSTEM_SCALE: 1 for every change (5 kills), 10 for the nightly run (100).

usage: delivery_test.py HARK [unittest arguments]
"""

import email.utils
import random
import subprocess
import time
import unittest

from daemon_support import SCALE, recorded_lines, stamp, wait_for
from delivery_support import DeliveryTest, ShiftedClock, main

LINES = recorded_lines()
KILLS = 5 if SCALE == 1 else 10 * SCALE
FAILURES = [(500, {}), (503, {}), (429, {"Retry-After": "1"}), ("reset", {}), ("half", {}), ("hang", {})]


class WebhookTest(DeliveryTest):
    def test_every_revision_arrives_whatever_the_receiver_does_and_however_often_hark_is_killed(self):
        chance = random.Random(7)
        answers = [(200, {})] * 6 + FAILURES
        receiver = self.receiver(lambda: chance.choice(answers), self.certificates.context("good"))
        ca, _ = self.certificates.authority()
        daemon = self.make(webhooks=[self.webhook(receiver.url, concurrency=8, timeout="1s", tls={"ca_file": ca})]).start()
        step = -(-len(LINES) // KILLS)
        for begin in range(0, len(LINES), step):
            self.write(*LINES[begin:begin + step])
            time.sleep(chance.uniform(0.2, 1.5))
            daemon.kill()
            daemon.start(wait=chance.random() < 0.7)
        daemon.kill()
        self.assertGreater(receiver.failures, 5)
        receiver.answer = lambda: (204, {})
        daemon.drain()
        expected = self.replay_of(self.log)
        self.assertGreater(len(expected), 10)
        self.check_webhooks(receiver, expected)

    def test_a_receiver_that_wants_no_more_is_left_alone_until_a_reload(self):
        receiver = self.receiver(lambda: (410, {}))
        daemon = self.make(webhooks=[self.webhook(receiver.url)]).start()
        self.write(*LINES)
        wait_for(lambda: self.output(daemon)["state"] == "stopped", "stopped")
        self.assertEqual(daemon.metric('hark_output_stopped{output="soc"}'), 1)
        self.assertTrue(daemon.messages("output_stopped"))
        receiver.answer = lambda: (200, {})
        time.sleep(0.5)
        self.assertEqual(receiver.accepted, [])
        self.assertEqual(daemon.get("/-/reload", "POST")[0], 200)
        wait_for(lambda: receiver.accepted, "anything delivered")
        self.assertEqual(daemon.stop(), 0)

    def test_what_is_refused_is_replayed_by_hand(self):
        receiver = self.receiver(lambda: (422, {}))
        daemon = self.make(webhooks=[self.webhook(receiver.url)]).start()
        self.write(*LINES)
        letters = wait_for(lambda: self.settled(daemon), "all refused")
        self.assertEqual(daemon.metric('hark_deliveries_total{output="soc",result="rejected"}'), letters)
        receiver.answer = lambda: (200, {})
        done = self.run_hark("dlq", "replay", "--all", "--data-dir", daemon.data_dir)
        self.assertEqual(done, f"{letters} dead letters are tried again\n")
        wait_for(lambda: len(receiver.accepted) == letters, "all replayed")
        wait_for(lambda: self.run_hark("dlq", "list", "--data-dir", daemon.data_dir) == "no dead letters\n", "none left")

    def settled(self, daemon):
        """The number of dead letters, once there are some and no more come."""
        before = self.output(daemon)
        time.sleep(1)
        after = self.output(daemon)
        letters = after["revisions"]["rejected"]
        return letters if letters > 0 and before["revisions"] == after["revisions"] and after["queue_length"] == 0 else 0

    def test_what_is_silenced_is_stored_and_not_delivered(self):
        receiver = self.receiver()
        daemon = self.make(webhooks=[self.webhook(receiver.url)]).start()
        subprocess.run([self.hark, "silence", "add", "level=~\"low|medium|high|critical|informational\",cluster=default", "--until", "1h",
                        "--reason", "a test", "--author", "nobody", "--data-dir", daemon.data_dir], check=True, capture_output=True)
        self.write(*LINES)
        wait_for(lambda: (daemon.metric('hark_deliveries_total{output="soc",result="silenced"}') or 0) > 10, "silenced")
        self.assertEqual(receiver.accepted, [])
        self.assertGreater(len(daemon.exported()), 5)


class LimitTest(DeliveryTest):
    """What holds one output back, and nothing else."""

    USERS = [f"user-{i:02}" for i in range(30)]

    def test_a_slow_output_delays_neither_another_one_nor_the_detection(self):
        slow = self.receiver(lambda: ("hang", {}))
        fast = self.receiver()
        daemon = self.make(webhooks=[self.webhook(slow.url, name="slow", concurrency=1), self.webhook(fast.url)])
        self.write(*LINES)
        daemon.start()
        wait_for(lambda: daemon.events_read() == len(LINES), "read")
        wait_for(lambda: self.output(daemon, 1)["queue_length"] == 0 and len(fast.accepted) > 20, "delivered", 20)
        self.assertEqual(slow.accepted, [])
        self.assertLess(len(slow.arrived), 15)
        waiting = self.output(daemon)
        self.assertGreaterEqual(waiting["queue_length"], len(fast.accepted))
        self.assertEqual(waiting["dead_letters"], 0)

    def test_a_rate_limit_delays_and_drops_nothing(self):
        receiver = self.receiver()
        daemon = self.make(own_rule=True, webhooks=[self.webhook(receiver.url, max_per_minute=600)]).start()
        self.read_secrets(*self.USERS)
        wait_for(lambda: len(receiver.accepted) >= len(self.USERS), "delivered")
        times = [arrival for arrival, *_ in receiver.arrived]
        self.assertGreater(times[29] - times[0], 2.5)
        self.assertEqual(self.output(daemon)["dead_letters"], 0)
        daemon.kill()
        daemon.drain()
        self.check_webhooks(receiver, self.replay_of(self.log, rules=self.folder / "rule.yml"))

    def test_no_more_requests_than_the_concurrency_are_under_way_and_so_many_are(self):
        receiver = self.receiver()
        receiver.delay = 0.1
        daemon = self.make(own_rule=True, webhooks=[self.webhook(receiver.url, concurrency=3)]).start()
        self.read_secrets(*self.USERS)
        wait_for(lambda: len(receiver.accepted) >= len(self.USERS), "delivered")
        self.assertEqual(receiver.most_in_flight, 3)
        self.assertEqual(self.output(daemon)["revisions"]["retried"], 0)


@unittest.skipUnless(ShiftedClock.LIBRARY, "no HARK_CLOCK_LIBRARY")
class OutageTest(DeliveryTest):
    """Hours and days pass for a daemon whose receiver is away."""

    HOUR = 3600
    lateness = 60
    shifts_wall = True

    def start(self, answer, **settings):
        receiver = self.receiver(answer)
        daemon = self.make(self.clock.environment(), own_rule=True, webhooks=[self.webhook(receiver.url, **settings)])
        return receiver, daemon.start()

    def read_secrets_of(self, daemon, user, number=1):
        """read_secrets, but that no event is of the future: by such a one hark sets its clock forward when it is started again, and what comes next would be late."""
        begin = self.clock.now()
        self.write_reads(begin, [user], number)
        last = stamp(begin + (number - 1) * 1e-6)
        wait_for(lambda: daemon.status()["sources"][0].get("last_event", "") >= last, "read")
        self.clock.advance(self.lateness + 1, self.shifts_wall)
        self.move_watermark(self.clock.now())

    def let_pass(self, daemon, hours):
        self.hurry(daemon, hours * self.HOUR)

    def check_all(self, receiver, daemon):
        daemon.kill()
        daemon.drain()
        expected = self.replay_of(self.log, rules=self.folder / "rule.yml", now=self.clock.now())
        self.check_webhooks(receiver, expected, self.clock.now())

    def test_over_a_day_nothing_is_lost_and_nothing_expires(self):
        chance = random.Random(11)
        receiver, daemon = self.start(lambda: chance.choice(FAILURES))
        for hour in range(24):
            self.read_secrets_of(daemon, f"user-{hour:02}", number=3)
            wait_for(lambda: self.raised(daemon, f"user-{hour:02}"), "raised")
            if hour in (7, 15):
                daemon.kill()
                daemon.start()
            failures = receiver.failures
            self.let_pass(daemon, 1)
            self.wait_hurrying(daemon, lambda: receiver.failures > failures, "tried again")
        self.wait_hurrying(daemon, lambda: self.output(daemon)["oldest_age_seconds"] > 23.9 * self.HOUR, "old")
        waiting = self.output(daemon)
        self.assertEqual((waiting["state"], waiting["dead_letters"]), ("failing", 0))
        self.assertGreaterEqual(waiting["queue_length"], 24 * 2)
        receiver.answer = lambda: (200, {})
        self.hurry(daemon)
        self.wait_until_delivered(daemon)
        self.assertEqual(daemon.metric('hark_deliveries_total{output="soc",result="expired"}') or 0, 0)
        self.check_all(receiver, daemon)

    def raised(self, daemon, user):
        return any(user.encode() in text for text in daemon.exported().values())

    def test_what_is_older_than_max_age_is_a_dead_letter_and_the_rest_arrives(self):
        # Told to wait, hark has no request under way when time passes, which then would time out.
        receiver, daemon = self.start(lambda: (503, {"Retry-After": str(24 * self.HOUR)}), max_age="72h", concurrency=1)
        self.read_secrets_of(daemon, "first-user")
        self.wait_until_retried(daemon, 1)
        self.let_pass(daemon, 71.5)
        self.wait_until_retried(daemon, 2)
        self.read_secrets_of(daemon, "second-user")
        wait_for(lambda: self.raised(daemon, "second-user"), "raised")
        self.assertEqual(self.output(daemon)["revisions"]["expired"], 0)
        self.let_pass(daemon, 1)
        letters = wait_for(lambda: self.output(daemon)["revisions"]["expired"], "expired")
        self.assertEqual(daemon.metric('hark_deliveries_total{output="soc",result="expired"}'), letters)
        listed = self.run_hark("dlq", "list", "--data-dir", daemon.data_dir)
        self.assertIn("not delivered within 72h: HTTP 503", listed)
        self.assertEqual(len(listed.splitlines()), 1 + letters)
        receiver.answer = lambda: (200, {})
        self.let_pass(daemon, 24)
        self.wait_until_delivered(daemon)
        self.assertGreater(len(receiver.accepted), 0)
        self.assertNotIn(b'"first-user"', b"".join(body for *_, body in receiver.accepted if b'"state":"opened"' in body))
        self.run_hark("dlq", "replay", "--all", "--data-dir", daemon.data_dir)
        wait_for(lambda: self.output(daemon)["revisions"]["replayed"] == letters, "replayed")
        self.assertEqual(self.output(daemon)["revisions"]["expired"], letters)
        wait_for(lambda: self.run_hark("dlq", "list", "--data-dir", daemon.data_dir) == "no dead letters\n", "none left")

    def wait_until_retried(self, daemon, times):
        wait_for(lambda: self.output(daemon)["revisions"]["retried"] == times, f"tried {times} times")

    def test_retry_after_is_obeyed_in_seconds_and_as_a_date(self):
        for number, form in enumerate((lambda: str(self.HOUR), lambda: email.utils.formatdate(self.clock.now() + self.HOUR, usegmt=True))):
            with self.subTest(form()):
                receiver, daemon = self.start(lambda: (429, {"Retry-After": form()}), concurrency=1)
                self.read_secrets_of(daemon, f"user-{number}")
                wait_for(lambda: self.output(daemon)["state"] == "failing", "told to wait")
                receiver.answer = lambda: (200, {})
                arrived = len(receiver.arrived)
                for _ in range(3):
                    self.let_pass(daemon, 0.3)
                    time.sleep(0.1)
                self.assertEqual(len(receiver.arrived), arrived)
                self.let_pass(daemon, 0.12)
                self.wait_until_delivered(daemon)
                self.assertGreater(len(receiver.accepted), 0)
                daemon.kill()


if __name__ == "__main__":
    main()
