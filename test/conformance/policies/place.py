"""A data plane whose policies are attacked, and backends that record what reaches them."""
import contextlib
import dataclasses
import shutil
import socket
import tempfile
import threading
import time

from test.conformance.policies.judge import Judge
from test.conformance.policies.manifests import manifests
from test.support import fleet as parts
from test.support.attack_runner import Observation, send_raw
from test.support.issuer import KeyServer
from test.support.recorder import Recorder
from test.support.redis_server import RedisServer
from test.support.tokens import Key, Secret, key_set


@dataclasses.dataclass
class Keys:
    rsa: Key
    ec: Key
    ed: Key
    far: Key
    attacker: Key
    shared: Secret

    @staticmethod
    def made(folder):
        return Keys(Key("RS256", "rsa", folder), Key("ES256", "ec", folder), Key("EdDSA", "ed", folder), Key("EdDSA", "far", folder),
                    Key("RS256", "rsa", folder), Secret("shared-1"))


class Place:
    """All of it, running. `far` is the issuer whose keys are fetched, `evil` one that nobody should ever ask."""

    def __enter__(self):
        self.dir, self._stack = tempfile.mkdtemp(prefix="penstock-attacked-"), contextlib.ExitStack()
        self._stack.callback(shutil.rmtree, self.dir, ignore_errors=True)
        self.keys, self.recorder = Keys.made(self.dir), Recorder()
        self.far, self.evil = KeyServer(key_set([self.keys.far])), KeyServer(key_set([self.keys.attacker]))
        self.redirecting = KeyServer("", status=302, location="/admin/x")
        self.echo = parts.Upstream("echo")
        self._stack.callback(self.echo.stop)
        self.judge = Judge()
        self.redis = self._stack.enter_context(RedisServer())
        self.fleet = self._stack.enter_context(parts.Fleet(replicas=1, workers=2))
        self.fleet.wait_connected()
        self.proxied_port = parts.free_port()
        backends = self.recorder.port, self.redirecting.port, self.echo.ports[0], self.judge.port, parts.free_port()
        text = manifests(self.keys, self.far.url, self.redis.address, *backends)
        self.fleet.apply(text.replace("PROXIED", str(self.proxied_port)))
        self.replica = self.fleet.replicas[0]
        return self

    def __exit__(self, *what):
        return self._stack.__exit__(*what)

    def address(self, port=None):
        return self.replica.host, port or self.fleet.gateway_port

    def observe(self, data, port=None):
        """What one connection with DATA did."""
        mark, before = self.recorder.mark(), resident(self.replica.process.pid)
        received, closed, seconds = send_raw(*self.address(port), data)
        growth = resident(self.replica.process.pid) - before
        return Observation.of_http1(received, closed, seconds, self.recorder.since(mark), growth)

    def ask(self, host, *fields, path="/echo", method="GET", port=None):
        """One request with header FIELDS ("name: value"), and the end of its connection."""
        lines = [f"{method} {path} HTTP/1.1", f"host: {host}.test", "connection: close", *fields, "", ""]
        return self.observe("\r\n".join(lines).encode("latin-1"), port)

    def pipelined(self, host, field, count):
        """{status: how many} of COUNT requests without a pause on one connection; FIELD(i): a header field of the i-th."""
        statuses = {}
        with socket.create_connection(self.address(), timeout=30) as connection:
            text = b"".join(f"GET /echo HTTP/1.1\r\nhost: {host}.test\r\n{field(i)}\r\n\r\n".encode("latin-1") for i in range(count))
            writer = threading.Thread(target=lambda: connection.sendall(text))
            writer.start()
            stream = connection.makefile("rb")
            for _ in range(count):
                status, length = int(stream.readline().split()[1]), 0
                while (line := stream.readline()) != b"\r\n":
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                stream.read(length)
                statuses[status] = statuses.get(status, 0) + 1
            writer.join()
        return statuses


def bearer(token):
    return f"authorization: Bearer {token}"


def resident(pid):
    return next(int(line.split()[1]) * 1024 for line in open(f"/proc/{pid}/status") if line.startswith("VmRSS"))


def status_of(observation):
    return observation.statuses[0] if observation.statuses else 0


def last_success(use, change):
    """Seconds from the end of CHANGE() to the beginning of the last USE() that was true, by four who use it all the time."""
    last, stop = [float("-inf")], threading.Event()

    def go_on():
        while not stop.is_set():
            began = time.monotonic()
            if use():
                last[0] = max(last[0], began)

    users = [threading.Thread(target=go_on) for _ in range(4)]
    for user in users:
        user.start()
    time.sleep(0.5)
    before = last[0]
    change()
    changed = time.monotonic()
    time.sleep(1.5)
    stop.set()
    for user in users:
        user.join()
    assert before > float("-inf"), "it was never good"
    return last[0] - changed
