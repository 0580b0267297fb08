#!/usr/bin/env python3
"""A real Apache Kafka broker for tests: one JVM, KRaft, on free ports of this machine. As a module, or as a script:

    kafka_broker.py start FOLDER        prints what is in FOLDER/broker.json: the addresses, the user, the files
    kafka_broker.py stop|kill FOLDER    and start it again, with all that it holds and the same ports
    kafka_broker.py fetch               gets the jars (46, 43 MB) if they are not there

It listens twice: in the clear for whoever makes topics, and with SASL over TLS (SCRAM-SHA-256, SCRAM-SHA-512, PLAIN) for the user hark. The jars come from Maven
Central and stay in ${HARK_PREFIX:-~/.cache/hark}. Needs a JRE 17 or newer, Maven and openssl (scripts/setup test).
"""

import base64
import contextlib
import fcntl
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

VERSION = "4.1.0"
PREFIX = pathlib.Path(os.environ.get("HARK_PREFIX") or pathlib.Path.home() / ".cache/hark")
JARS = PREFIX / f"kafka-{VERSION}"
POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>hark</groupId><artifactId>kafka</artifactId>
<version>1</version><dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{VERSION}</version></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
</dependencies></project>
"""
USER, PASSWORD = "hark", "correct-horse"
STARTED = "Kafka Server started"
PATIENCE = 180  # seconds: the machine may be busy


def fetch():
    """The folder of the jars."""
    PREFIX.mkdir(parents=True, exist_ok=True)
    with open(PREFIX / "kafka.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not JARS.is_dir():
            with tempfile.TemporaryDirectory(dir=PREFIX) as work:
                pathlib.Path(work, "pom.xml").write_text(POM)
                subprocess.run(["mvn", "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={work}/lib"], cwd=work, check=True, timeout=600)
                os.rename(f"{work}/lib", JARS)
    return JARS


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def runs(pid):
    """Not if it has ended, and only its parent does not know yet."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def watch(owner, pid):
    """Nobody has a broker for ever whose owner is gone."""
    while runs(owner) and runs(pid):
        time.sleep(1)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


class Broker:
    """A broker whose keys, data and log are in a folder. It ends with the process `owner`, if not before."""

    def __init__(self, folder, owner=None):
        self.owner = owner or int(os.environ.get("HARK_KAFKA_OWNER", 0)) or None
        self.folder = pathlib.Path(folder).resolve()
        self.state_path = self.folder / "broker.json"
        self.log_path = self.folder / "broker.log"
        self.state = json.loads(self.state_path.read_text()) if self.state_path.exists() else None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.kill()

    @property
    def plain(self):
        return self.state["plain"]

    @property
    def secure(self):
        return self.state["secure"]

    def start(self):
        """Makes it if it is new; returns when it serves."""
        self.make()
        offset = self.log_path.stat().st_size if self.log_path.exists() else 0
        with open(self.log_path, "ab") as log:
            process = subprocess.Popen(self._java("kafka.Kafka", self.folder / "server.properties"), stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                       start_new_session=True)
        self._keep(pid=process.pid)
        if self.owner:
            subprocess.Popen([sys.executable, __file__, "watch", str(self.owner), str(process.pid)], start_new_session=True, stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with open(self.log_path, "rb") as log:
                log.seek(offset)
                if STARTED.encode() in log.read():
                    return self
            if process.poll() is not None:
                break
            time.sleep(0.1)
        self.kill()
        raise RuntimeError("the broker did not start:\n" + self.log_path.read_text()[-3000:])

    def stop(self):
        self._end(signal.SIGTERM)

    def kill(self):
        self._end(signal.SIGKILL)

    def _end(self, number):
        pid = self.state and self.state.get("pid")
        if not pid:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        end = time.monotonic() + PATIENCE
        while runs(pid):
            if time.monotonic() > end:
                raise RuntimeError("the broker does not stop")
            time.sleep(0.05)
        self._keep(pid=None)

    def _keep(self, **changes):
        self.state = {**(self.state or {}), **changes}
        part = self.state_path.with_suffix(".part")
        part.write_text(json.dumps(self.state, indent=1) + "\n")
        part.rename(self.state_path)

    def _java(self, *arguments):
        # A test's broker lives for seconds: what it costs is its start.
        return ["java", "-Xmx768m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info", "-cp", f"{fetch()}/*", *map(str, arguments)]

    def make(self):
        """Its keys, its ports and what it holds, if it is new. Whoever talks to it can be told the address, and start before it."""
        if self.state is not None:
            return self
        self.folder.mkdir(parents=True, exist_ok=True)
        self._make_keys()
        plain, secure, controller = free_ports(3)
        (self.folder / "server.properties").write_text(self._properties(plain, secure, controller))
        (self.folder / "password").write_text(PASSWORD + "\n")
        (self.folder / "wrong_password").write_text("wrong-" + PASSWORD + "\n")
        cluster = base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=")
        scram = [part for user, password in (("admin", "admin"), (USER, PASSWORD)) for kind in ("SCRAM-SHA-256", "SCRAM-SHA-512")
                 for part in ("--add-scram", f"{kind}=[name={user},password={password}]")]
        subprocess.run(self._java("kafka.tools.StorageTool", "format", "-t", cluster, "-c", self.folder / "server.properties", *scram), check=True,
                       capture_output=True, timeout=PATIENCE)
        self._keep(plain=f"127.0.0.1:{plain}", secure=f"127.0.0.1:{secure}", user=USER, password_file=str(self.folder / "password"),
                   wrong_password_file=str(self.folder / "wrong_password"), ca_file=str(self.folder / "ca.crt"), other_ca_file=str(self.folder / "other.crt"),
                   data=str(self.folder / "data"))
        return self

    def _make_keys(self):
        """A CA, the broker's key signed by it, and a CA that has signed nothing."""
        def openssl(*arguments):
            subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True, timeout=60)
        for name in ("ca", "other"):
            openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", f"/CN=hark test {name}", "-keyout", f"{name}.key", "-out", f"{name}.crt")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-keyout", "broker.key", "-out", "broker.csr")
        (self.folder / "names").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
        openssl("x509", "-req", "-in", "broker.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30", "-extfile", "names", "-out", "broker.crt")
        (self.folder / "broker.pem").write_text("".join((self.folder / part).read_text() for part in ("broker.key", "broker.crt", "ca.crt")))

    def _properties(self, plain, secure, controller):
        module = "org.apache.kafka.common.security"
        return f"""process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{plain},SASL_SSL://127.0.0.1:{secure},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{plain},SASL_SSL://127.0.0.1:{secure}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT
sasl.enabled.mechanisms=SCRAM-SHA-256,SCRAM-SHA-512,PLAIN
listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config={module}.scram.ScramLoginModule required;
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config={module}.scram.ScramLoginModule required;
listener.name.sasl_ssl.plain.sasl.jaas.config={module}.plain.PlainLoginModule required user_{USER}="{PASSWORD}";
ssl.keystore.type=PEM
ssl.keystore.location={self.folder}/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location={self.folder}/ca.crt
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS;User:admin
allow.everyone.if.no.acl.found=true
log.dirs={self.folder}/data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
auto.create.topics.enable=false
message.max.bytes=20000000
replica.fetch.max.bytes=20000000
log.flush.interval.messages=1000000
"""


def main(arguments):
    if arguments == ["fetch"]:
        print(fetch())
        return 0
    if len(arguments) == 3 and arguments[0] == "watch":
        watch(int(arguments[1]), int(arguments[2]))
        return 0
    if len(arguments) != 2 or arguments[0] not in ("start", "stop", "kill"):
        print(__doc__, file=sys.stderr)
        return 2
    missing = [program for program in ("java", "mvn", "openssl") if shutil.which(program) is None]
    if missing:
        print(f"kafka_broker.py needs {', '.join(missing)}: scripts/setup test", file=sys.stderr)
        return 1
    broker = Broker(arguments[1])
    getattr(broker, arguments[0])()
    print(broker.state_path.read_text() if broker.state else "", end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
