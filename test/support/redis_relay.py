"""A relay before a server, which can be slow or talk nonsense.

    relay = Relay(server.port)
    relay.say("slow 1")
"""
import os
import queue
import socket
import subprocess
import sys
import threading
import time

from test.support import fleet as parts

# What no Redis answers: another protocol, another kind of reply, a length out of bounds, no protocol at all.
NONSENSE = [b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n", b":1\r\n", b"*1\r\n$3\r\nfoo\r\n",
            b"$99999999999\r\n", bytes(range(128, 192))]


class Relay:
    """A process of its own, so that its work delays nobody who measures."""

    def __init__(self, target):
        self.port = parts.free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.process = parts.start([sys.executable, "-m", "test.support.redis_relay", self.port, target],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=parts.ROOT)
        assert self.process.stdout.readline().strip() == "ready"

    def say(self, mode):
        """From now on: "pass", "slow SECONDS" (every answer comes so much later) or "nonsense" (instead of every answer)."""
        self.process.stdin.write(mode + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline().strip() == "done"

    def close(self):
        self.process.kill()
        self.process.wait()


class _Passage:
    """One connection through the relay."""

    mode, seconds, answers = "pass", 0.0, 0  # of all

    def __init__(self, client, target):
        self.client, self.server = client, socket.create_connection(("127.0.0.1", target))
        self.late = queue.Queue()
        for work in (self._questions, self._answers, self._deliver):
            threading.Thread(target=work, daemon=True).start()

    def _questions(self):
        while piece := self._read(self.client):
            if _Passage.mode == "nonsense":
                _Passage.answers += 1
                self.late.put((0.0, NONSENSE[_Passage.answers % len(NONSENSE)]))
            else:
                self.server.sendall(piece)
        self.late.put((0.0, b""))

    def _answers(self):
        while piece := self._read(self.server):
            self.late.put((time.monotonic() + _Passage.seconds, piece))
        self.late.put((0.0, b""))

    def _deliver(self):
        while True:
            due, piece = self.late.get()
            time.sleep(max(0.0, due - time.monotonic()))
            try:
                if piece:
                    self.client.sendall(piece)
                    continue
            except OSError:
                pass
            for end in (self.client, self.server):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
            return

    @staticmethod
    def _read(end):
        try:
            return end.recv(65536)
        except OSError:
            return b""


def _accept(listener, target):
    while True:
        client, _ = listener.accept()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            _Passage(client, target)
        except OSError:
            client.close()


def main(port, target):
    listener = socket.create_server(("127.0.0.1", int(port)))
    threading.Thread(target=_accept, args=(listener, int(target)), daemon=True).start()
    print("ready", flush=True)
    for line in sys.stdin:
        mode, _, seconds = line.strip().partition(" ")
        _Passage.mode, _Passage.seconds = mode, float(seconds or 0)
        print("done", flush=True)
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
