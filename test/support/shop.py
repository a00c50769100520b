"""The shop of examples/ with everything around it: an issuer of tokens, Redis, backends that tell what they got, and two data planes."""
import contextlib
import glob
import http.client
import json
import os
import re
import shutil
import tempfile
import threading
import time

from test.support import fleet as parts
from test.support.issuer import Issuer
from test.support.redis_server import RedisServer

EXAMPLES = os.path.join(parts.ROOT, "examples")


def manifests(*folders):
    files = (path for folder in folders for path in sorted(glob.glob(os.path.join(EXAMPLES, folder, "*.yaml"))))
    return "\n---\n".join(open(path).read() for path in files)


class Answer:
    def __init__(self, status, headers, body, seconds):
        self.status, self.headers, self.body, self.seconds = status, headers, body, seconds

    def seen(self):
        """The header fields that the backend got."""
        return json.loads(self.body)["headers"]

    def left(self):
        """What the limit that counted has left; None if none did."""
        found = re.search(r";r=(\d+)", self.headers.get("ratelimit", ""))
        return int(found.group(1)) if found else None


class Client:
    """Asks one data plane, on one connection as long as that lives."""

    def __init__(self, replica, port):
        self.connection = http.client.HTTPConnection(replica.host, port, timeout=10)

    def ask(self, path, token=None, method="GET", **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        began = time.monotonic()
        try:
            self.connection.request(method, path, headers=headers)
            answer = self.connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            raise
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, body, time.monotonic() - began)


class Asking:
    """Asks one thing again and again in a thread, as a visitor does; counts what is not 200, and keeps how long each took."""

    def __init__(self, client, path, token=None, pause=0.005):
        self.seconds, self.failures, self._stop = [], [], threading.Event()
        self._thread = threading.Thread(target=self._run, args=(client, path, token, pause), daemon=True)
        self._thread.start()

    def _run(self, client, path, token, pause):
        while not self._stop.wait(pause):
            try:
                answer = client.ask(path, token)
                self.seconds.append(answer.seconds)
                if answer.status != 200:
                    self.failures.append(answer.status)
            except (OSError, http.client.HTTPException) as problem:
                self.failures.append(repr(problem))

    def stop(self):
        self._stop.set()
        self._thread.join()
        return self


class Shop:
    """Everything started, and the examples applied. `brief` is a token of gina's that was good for 2 s at the start."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="penstock-shop-")
        self._stack = contextlib.ExitStack()

    def __enter__(self):
        self._stack.callback(shutil.rmtree, self.dir, ignore_errors=True)
        self.issuer, self.other_issuer = Issuer(self.dir), Issuer(self.dir, "other-issuer")
        for issuer in (self.issuer, self.other_issuer):
            self._stack.callback(issuer.start().kill)
        self.redis = self._stack.enter_context(RedisServer())
        self.backends = {name: parts.Upstream(name) for name in ("users", "products-v1", "products-v2")}
        for backend in self.backends.values():
            self._stack.callback(backend.stop)
        self.fleet = self._stack.enter_context(parts.Fleet(replicas=2, workers=2))
        self.fleet.wait_connected()
        self.fleet.apply(self.placed(manifests("shop", "shop-secure")))
        return self

    def __exit__(self, *what):
        return self._stack.__exit__(*what)

    def placed(self, text):
        """TEXT with the ports of this run for those of the examples."""
        text = re.sub(r"(protocol: HTTP, port: )8080", r"\g<1>{port}", text).replace("http://127.0.0.1:18084", self.issuer.url)
        for port, name in (("18081", "users"), ("18082", "products-v1"), ("18083", "products-v2")):
            text = text.replace(port, str(self.backends[name].ports[0]))
        return text.replace("127.0.0.1:6379", self.redis.address)

    def client(self, replica):
        return Client(self.fleet.replicas[replica], self.fleet.gateway_port)

    def clients(self):
        return [self.client(i) for i in range(len(self.fleet.replicas))]

    def reached(self):
        """Requests that backends got so far."""
        return sum(backend.counts()["requests"] for backend in self.backends.values())

    def generations(self):
        return [replica.metric("penstock_generation_number") for replica in self.fleet.replicas]


def begin_of_window(seconds, longest=25):
    """Waits until the minute has more than SECONDS left, for what must be counted in one window."""
    left = 60 - time.time() % 60
    if left < seconds:
        assert left < longest + seconds
        time.sleep(left + 0.1)
