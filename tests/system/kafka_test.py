"""hark and a real Apache Kafka broker: kafka_real_test.cc, which reads topics by KafkaConsumer.

    kafka_test.py KAFKA_REAL_TEST [GTEST_ARGUMENT...]

The environment HARK_KAFKA_KEEP=FOLDER keeps what the broker writes there."""

import os
import pathlib
import subprocess
import sys
import tempfile

from daemon_support import recorded_lines
from kafka_broker import Broker

SCRIPT = pathlib.Path(__file__).with_name("kafka_broker.py")


def main(program, *arguments):
    with tempfile.TemporaryDirectory(prefix="hark-kafka-") as work:
        work = pathlib.Path(os.environ.get("HARK_KAFKA_KEEP") or work)
        work.mkdir(parents=True, exist_ok=True)
        events = work / "events.jsonl"
        events.write_bytes(b"".join(recorded_lines()))
        broker = Broker(work / "broker", owner=os.getpid())
        try:
            broker.start()
            environment = {**os.environ, "HARK_KAFKA_PLAIN": broker.plain, "HARK_KAFKA_SECURE": broker.secure, "HARK_KAFKA_FOLDER": str(broker.folder),
                           "HARK_KAFKA_SCRIPT": f"{sys.executable} {SCRIPT}", "HARK_KAFKA_EVENTS": str(events), "HARK_KAFKA_OWNER": str(os.getpid())}
            code = subprocess.run([program, *arguments], env=environment).returncode
            if code != 0:
                print(broker.log_path.read_text()[-5000:])
            return code
        finally:
            # The test has started it anew.
            Broker(broker.folder).kill()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
