"""Debian's redis-server on a free port of loopback, which tests kill, stop and ask."""
import shutil
import signal
import socket
import subprocess
import tempfile

from test.support import fleet


class RedisServer:
    """Runs from the beginning; close() or `with` ends it."""

    def __init__(self):
        self.port, self.dir, self.process = fleet.free_port(), tempfile.mkdtemp(prefix="penstock-redis-"), None
        self.address = f"127.0.0.1:{self.port}"
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def start(self):
        words = ["redis-server", "--bind", "127.0.0.1", "--port", self.port, "--dir", self.dir, "--save", "", "--appendonly", "no"]
        self.process = fleet.start(words, stdout=subprocess.DEVNULL)
        fleet.wait_until(self._answers, f"redis-server on port {self.port}")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        self.kill()
        shutil.rmtree(self.dir, ignore_errors=True)

    def stop(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def ask(self, *words):
        """The reply to one command: a string, bytes, a number, None or a list of them."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
            connection.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))
            return _reply(connection.makefile("rb"))

    def keys(self):
        return self.ask("KEYS", "*")

    def _answers(self):
        try:
            return self.ask("PING") == "PONG"
        except OSError:
            return False


def _reply(stream):
    line = stream.readline()
    assert line, "redis-server closed the connection"
    kind, rest = line[:1], line[1:].strip()
    if kind == b"+":
        return rest.decode()
    if kind == b"-":
        raise AssertionError(rest.decode())
    if kind == b":":
        return int(rest)
    if kind == b"*":
        return [_reply(stream) for _ in range(int(rest))]
    size = int(rest)
    return None if size < 0 else stream.read(size + 2)[:-2]
