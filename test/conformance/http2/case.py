"""What a case of the table is, and the reactions that the RFCs know."""
import dataclasses

from test.support.hpack import block, indexed, literal
from test.support.http2_wire import ERRORS, Client, WHOLE, headers, PREFACE, settings

GET = indexed(2) + indexed(6) + indexed(4) + literal(1, b"a.test")
POST = indexed(3) + indexed(6) + indexed(4) + literal(1, b"a.test")
# Later than every stream that a case uses.
PROBE = 0x3FFFFFFF


def get(path, authority=b"a.test"):
    return indexed(2) + indexed(6) + literal(4, path) + literal(1, authority)


def request(*more, method="GET", scheme="http", authority="a.test", path="/"):
    """A block of literals; None leaves a pseudo-field out."""
    pseudo = [(":method", method), (":scheme", scheme), (":authority", authority), (":path", path)]
    return block([field for field in pseudo if field[1] is not None] + list(more))


@dataclasses.dataclass
class Case:
    section: str  # of RFC 9113, or "HPACK" and that of RFC 7541
    name: str
    send: object  # bytes, a function of the client, or a list of these
    expect: object  # a reaction
    opening: bytes = PREFACE + settings()

    def run(self, address, tls=None):
        """What is wrong; "": nothing."""
        client = Client(address, greet=False, tls=tls)
        client.send(self.opening)
        try:
            for step in self.send if isinstance(self.send, list) else [self.send]:
                wrong = step(client) if callable(step) else client.send(step)
                if wrong:
                    return wrong
            return self.expect.check(client) or ""
        finally:
            client.close()


def seen(client):
    resets = {stream: ERRORS[code] if code < len(ERRORS) else code for stream, code in client.resets.items()}
    goaways = [ERRORS[code] if code < len(ERRORS) else code for _, code in client.goaways]
    statuses = {stream: client.status(stream) for stream in client.responses}
    return f"saw statuses {statuses}, ended {sorted(client.ended)}, resets {resets}, GOAWAY {goaways}, closed {client.closed}"


def goes_on(client, resets=()):
    """The connection serves another request, and nothing else was reset."""
    client.send(headers(PROBE, GET))
    client.until(lambda: client.done(PROBE) or client.closed)
    if client.status(PROBE) != 200 or client.goaways:
        return "the connection does not go on: " + seen(client)
    if set(client.resets) - set(resets):
        return "another reset: " + seen(client)
    return None


@dataclasses.dataclass
class Served:
    """The request is answered, and the connection goes on."""
    status: int = 200
    stream: int = 1
    told: str = "served"

    def check(self, client):
        client.until(lambda: client.done(self.stream) or client.closed)
        good = client.status(self.stream) == self.status and self.stream in client.ended
        return goes_on(client) if good else f"want {self.status}: " + seen(client)

    def __str__(self):
        return f"{self.status}"


@dataclasses.dataclass
class Malformed:
    """The request is answered with 400, and its stream reset with PROTOCOL_ERROR (8.1.1)."""
    status: int = 400
    stream: int = 1

    def check(self, client):
        client.until(lambda: self.stream in client.resets or client.closed)
        good = client.status(self.stream) in (0, self.status) and client.resets.get(self.stream) == 1
        return goes_on(client, [self.stream]) if good else "want PROTOCOL_ERROR on the stream: " + seen(client)

    def __str__(self):
        return "stream error PROTOCOL_ERROR"


@dataclasses.dataclass
class StreamError:
    code: int
    stream: int = 1

    def check(self, client):
        client.until(lambda: self.stream in client.resets or client.closed)
        good = client.resets.get(self.stream) == self.code
        return goes_on(client, [self.stream]) if good else f"want {self}: " + seen(client)

    def __str__(self):
        return f"stream error {ERRORS[self.code]}"


@dataclasses.dataclass
class ConnectionError:
    code: int

    def check(self, client):
        client.until(lambda: client.closed)
        good = client.closed and client.goaways and client.goaways[-1][1] == self.code
        return None if good else f"want {self}: " + seen(client)

    def __str__(self):
        return f"connection error {ERRORS[self.code]}"


class Ignored:
    """Nothing happens, and the connection goes on."""

    def check(self, client):
        return goes_on(client)

    def __str__(self):
        return "ignored"


class Closed:
    """The connection ends; GOAWAY may be left out (3.4)."""

    def check(self, client):
        client.until(lambda: client.closed)
        fine = client.closed and all(code == 1 for _, code in client.goaways)
        return None if fine and not client.responses else "want the end: " + seen(client)

    def __str__(self):
        return "closed"


class Then:
    """What the last step says about what came: a function of the client that returns what is wrong."""

    def __init__(self, what, judge):
        self.what, self.judge = what, judge

    def check(self, client):
        return self.judge(client)

    def __str__(self):
        return self.what


def wait_for(condition, what):
    """A step that reads until CONDITION(client)."""

    def step(client):
        return None if client.until(lambda: condition(client)) else f"{what} did not come: " + seen(client)

    return step
