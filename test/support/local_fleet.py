"""`penstock up` as a user starts it: in a folder and with a config file of its own, on free ports.

    with LocalFleet("--demo", "--replicas", 2) as up:
        http_get("127.0.0.1", up.port, "/users/1")
"""
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile

from test.support import fleet as parts
from test.support.fleet import free_port, wait_until


def read(path):
    with open(path) as file:
        return file.read()


def three_ports():
    """The first of three free ports in a row."""
    while True:
        first = free_port()
        if first < 65530 and all(_is_free(first + i) for i in (1, 2)):
            return first


def _is_free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


class LocalFleet:
    def __init__(self, *words, verb="up"):
        self.dir = tempfile.mkdtemp(prefix="penstock-local-")
        self.tmp = os.path.join(self.dir, "tmp")
        os.mkdir(self.tmp)
        self.port, self.upstream_port = free_port(), three_ports()
        self.env = dict(os.environ, HOME=self.dir, TMPDIR=self.tmp,
                        PATH=os.path.dirname(parts.PENSTOCK) + ":" + os.environ["PATH"])
        for name in [n for n in self.env if n.startswith("PENSTOCK_")]:
            del self.env[name]
        self.out, self.err = os.path.join(self.dir, "out"), os.path.join(self.dir, "err")
        ports = ["--port", self.port, "--upstream-port", self.upstream_port] if "--demo" in words else []
        self.command = [parts.PENSTOCK, verb, *words, *ports]
        self.process = None

    def start(self):
        with open(self.out, "w") as out, open(self.err, "w") as err:
            self.process = parts.start(self.command, cwd=self.dir, env=self.env, stdout=out, stderr=err)
        return self

    def __enter__(self):
        self.start()
        wait_until(lambda: "Ctrl-C" in self.said() or self.process.poll() is not None, lambda: "started\n" + self.said(), 60)
        assert self.process.poll() is None, f"ended with {self.process.returncode}:\n{self.said()}"
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.interrupt()
        shutil.rmtree(self.dir, ignore_errors=True)

    def said(self):
        return read(self.out) + read(self.err)

    def files(self):
        """The folder that it names."""
        return re.search(r"^files +(\S+)", self.said(), re.M).group(1)

    def pid(self, name):
        return int(read(os.path.join(self.files(), "run", name + ".pid")))

    def interrupt(self, number=signal.SIGINT, seconds=30):
        """As Ctrl-C; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(seconds)

    def cli(self, *words):
        return subprocess.run([parts.PENSTOCK, *map(str, words)], cwd=self.dir, env=self.env, capture_output=True, text=True, timeout=60)
