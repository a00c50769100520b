"""Servers of HTTP/2 that break the rules, and what a client of the gateway in front sees of it.

Whatever a server does: the client gets a whole response of ours, or one that visibly broke off; the access log says why; nobody hangs.
"""
import dataclasses
import threading

from test.support.hpack import block, incremental, indexed, literal
from test.support.http2_wire import *

OK = indexed(8)  # :status 200
MANY = 2000  # frames of a flood


@dataclasses.dataclass
class Answered:
    """A response of the gateway itself."""
    status: int
    reason: str

    def matches(self, seen):
        return seen.whole and (seen.status, seen.reason) == (self.status, self.reason)

    def __str__(self):
        return f"{self.status} {self.reason}"


@dataclasses.dataclass
class BrokenOff:
    """The server's response, which visibly broke off."""
    reason: str

    def matches(self, seen):
        return not seen.whole and seen.status in (0, 200) and seen.reason == self.reason

    def __str__(self):
        return f"broken off, {self.reason}"


class Delivered:
    """The server's response, in whole."""

    def __init__(self, content=b"hello"):
        self.content = content

    def matches(self, seen):
        return seen.whole and (seen.status, seen.content, seen.reason) == (200, self.content, "")

    def __str__(self):
        return "200"


class Either:
    """Whether the head was delivered before the rest came is a matter of time."""

    def __init__(self, *ways):
        self.ways = ways

    def matches(self, seen):
        return any(way.matches(seen) for way in self.ways)

    def __str__(self):
        return " or ".join(map(str, self.ways))


RESET = Answered(502, "upstream_reset")
INVALID = Answered(502, "upstream_invalid")
TIMEOUT = Answered(504, "upstream_timeout")
ABORTED = BrokenOff("upstream_aborted")
IDLE = BrokenOff("upstream_idle")
INVALID_OR_ABORTED = Either(INVALID, ABORTED)
RESET_OR_ABORTED = Either(RESET, ABORTED)


@dataclasses.dataclass
class HostileServer:
    section: str  # of RFC 9113, or "HPACK" and that of RFC 7541
    name: str
    script: object  # of a Peer
    expect: object  # one of the above
    reads_when: object = None  # an event that the client waits for before it reads


@dataclasses.dataclass
class Seen:
    """What a client got."""
    status: int  # 0: no final head
    content: bytes
    whole: bool
    reason: str = ""  # of the access log


def raw(*payloads):
    """Says this as soon as somebody connects, and then nothing."""

    def script(peer):
        peer.send(*payloads)
        peer.rest()

    return script


def greeting(*payloads):
    """SETTINGS that are right, and this behind them."""
    return raw(settings(), frame(SETTINGS, ACK), *payloads)


def answering(make, *pairs):
    """Every request is answered with MAKE(stream)."""

    def script(peer):
        peer.greet(*pairs)
        for stream in peer.requests():
            peer.send(make(stream))

    return script


def leaving(make):
    """The first request is answered with MAKE(stream), and then the connection is closed."""

    def script(peer):
        peer.greet()
        peer.send(make(peer.request()))

    return script


def head(*fields, end=True, status="200"):
    """Answers every request with this head."""
    pseudo = [(":status", status)] if status is not None else []
    return answering(lambda stream: headers(stream, block(pseudo + list(fields)), WHOLE if end else END_HEADERS))


def content(*pieces, fields=(), end=True):
    """Answers every request with 200 and DATA of PIECES."""

    def make(stream):
        last = len(pieces) - 1
        return headers(stream, OK + block(fields), END_HEADERS) + b"".join(data(stream, piece, end and i == last) for i, piece in enumerate(pieces))

    return make


def goaway(last, code=NO_ERROR):
    return frame(GOAWAY, payload=number(last) + number(code))


def say_nothing(peer):
    peer.rest()


def leave(peer):
    peer.request()


def flood(make, before=lambda stream: b""):
    """The first request is answered with BEFORE(stream), then MANY frames, as long as the client takes them."""

    def script(peer):
        peer.greet()
        stream = peer.request()
        peer.send(before(stream))
        for i in range(0, MANY, 100):
            peer.send(b"".join(make(stream) for _ in range(100)))
        peer.rest()

    return script


def never_begins(peer):
    """GOAWAY as soon as a request comes, which it was not told of."""
    peer.greet()
    for stream in peer.requests():
        peer.send(goaway(0))


def goes_away_and_answers(peer):
    peer.greet()
    stream = peer.request()
    peer.send(goaway(stream), content(b"hello")(stream))
    peer.rest()


def goes_away_in_the_middle(peer):
    peer.greet()
    stream = peer.request()
    peer.send(content(b"hel", end=False)(stream), goaway(stream, INTERNAL_ERROR))


def goes_away_at_once(peer):
    peer.greet()
    peer.send(goaway(0, ENHANCE_YOUR_CALM))
    peer.rest()


def half_a_head(peer):
    peer.greet()
    stream = peer.request()
    peer.send(headers(stream, OK, 0))


class BeyondTheWindow:
    """Far more content than its window allows, until the gateway has had enough. Meanwhile the client reads nothing."""

    def __init__(self):
        self.noticed = threading.Event()

    def __call__(self, peer):
        peer.greet()
        stream = peer.request()
        peer.send(headers(stream, OK, END_HEADERS))
        for _ in range(2000):
            peer.send(data(stream, bytes(16384), False))
        peer.see(RST_STREAM)
        self.noticed.set()


PREFACE_CASES = [
    HostileServer("3.4", "a server that speaks HTTP/1.1", raw(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"), RESET),
    HostileServer("3.4", "a server that sends noise", raw(bytes(range(256)) * 8), RESET),
    HostileServer("3.4", "a server that closes at once", lambda peer: None, RESET),
    HostileServer("3.4", "a server that closes without SETTINGS", leave, RESET),
    HostileServer("3.4", "PING instead of the first SETTINGS", raw(frame(PING, payload=bytes(8))), RESET),
    HostileServer("3.4", "HEADERS instead of the first SETTINGS", raw(headers(1, OK)), RESET),
    HostileServer("3.4", "an answer to SETTINGS instead of the first SETTINGS", raw(frame(SETTINGS, ACK)), RESET),
    HostileServer("3.4", "a server that takes connections and says nothing", say_nothing, RESET),
    HostileServer("6.5", "SETTINGS that is no multiple of six", raw(frame(SETTINGS, payload=bytes(5))), RESET),
    HostileServer("6.5.2", "ENABLE_PUSH of 1", raw(settings((ENABLE_PUSH, 1))), RESET),
    HostileServer("6.5.2", "INITIAL_WINDOW_SIZE beyond the largest window", raw(settings((INITIAL_WINDOW_SIZE, 1 << 31))), RESET),
    HostileServer("6.5.3", "the same, and a good value behind it", raw(settings((INITIAL_WINDOW_SIZE, 1 << 31), (INITIAL_WINDOW_SIZE, 65535))), RESET),
    HostileServer("6.5.2", "MAX_FRAME_SIZE below the least", raw(settings((MAX_FRAME_SIZE, 1))), RESET),
    HostileServer("RFC 8441 3", "ENABLE_CONNECT_PROTOCOL of 2", raw(settings((ENABLE_CONNECT_PROTOCOL, 2))), RESET),
]

FRAME_CASES = [
    HostileServer("4.2", "DATA beyond the largest size", answering(lambda s: headers(s, OK, END_HEADERS) + data(s, bytes(16385))), RESET_OR_ABORTED),
    HostileServer("4.2", "HEADERS beyond the largest size", answering(lambda s: headers(s, bytes(16385))), RESET),
    HostileServer("6.1", "DATA of no stream", answering(lambda s: data(0, b"x")), RESET),
    HostileServer("6.1", "padding longer than the frame", answering(lambda s: headers(s, OK, END_HEADERS) + frame(DATA, PADDED, s, b"\xffhello")), RESET_OR_ABORTED),
    HostileServer("6.1", "DATA too short for its padding's length", answering(lambda s: headers(s, OK, END_HEADERS) + frame(DATA, PADDED, s)), RESET_OR_ABORTED),
    HostileServer("6.2", "HEADERS of no stream", answering(lambda s: headers(0, OK)), RESET),
    HostileServer("6.2", "padding of HEADERS longer than the frame", answering(lambda s: headers(s, b"\xff" + OK, WHOLE | PADDED)), RESET),
    HostileServer("6.3", "PRIORITY of no stream", answering(lambda s: frame(PRIORITY, 0, 0, bytes(5))), RESET),
    HostileServer("6.4", "RST_STREAM that is too short", answering(lambda s: frame(RST_STREAM, 0, s, bytes(3))), RESET),
    HostileServer("6.6", "PUSH_PROMISE", answering(lambda s: frame(PUSH_PROMISE, END_HEADERS, s, number(2) + indexed(2) + indexed(6) + indexed(4))), RESET),
    HostileServer("6.7", "PING that is too short", answering(lambda s: frame(PING, payload=bytes(7))), RESET),
    HostileServer("6.8", "GOAWAY that is too short", answering(lambda s: frame(GOAWAY, payload=bytes(7))), RESET),
    HostileServer("6.9", "an increment of nothing on the connection", answering(lambda s: window_update(0, 0)), RESET),
    HostileServer("6.9", "an increment of nothing on the stream", answering(lambda s: window_update(s, 0)), RESET),
    HostileServer("6.9.1", "the window of the connection beyond the most", answering(lambda s: window_update(0, 0x7FFFFFFF)), RESET),
    HostileServer("6.9.1", "the window of the stream beyond the most", answering(lambda s: window_update(s, 0x7FFFFFFF)), RESET),
    HostileServer("6.10", "another frame inside a head", answering(lambda s: headers(s, OK, 0) + frame(PING, payload=bytes(8))), RESET),
    HostileServer("6.10", "CONTINUATION before any HEADERS", answering(lambda s: frame(CONTINUATION, END_HEADERS, s, OK)), RESET),
    HostileServer("4.1", "frames that nobody knows", answering(lambda s: frame(0xF0, 0xFF, s, b"x") + content(b"hello")(s)), Delivered()),
]

BEYOND = BeyondTheWindow()
STATE_CASES = [
    HostileServer("5.1", "DATA of a stream that nobody began", answering(lambda s: data(s + 1000, b"x")), RESET),
    HostileServer("5.1", "HEADERS of a stream that nobody began", answering(lambda s: headers(s + 1000, OK)), RESET),
    HostileServer("5.1", "HEADERS of a stream of the server's own", answering(lambda s: headers(2, OK)), RESET),
    HostileServer("5.1", "RST_STREAM of a stream that nobody began", answering(lambda s: rst_stream(s + 1000)), RESET),
    HostileServer("5.1", "DATA behind the end", answering(lambda s: content(b"hello")(s) + data(s, b"more")), Delivered()),
    HostileServer("5.1", "a second response", answering(lambda s: content(b"hello")(s) + content(b"again")(s)), Delivered()),
    HostileServer("6.9.1", "DATA beyond the windows", BEYOND, ABORTED, BEYOND.noticed),
    HostileServer("5.1.2", "MAX_CONCURRENT_STREAMS of 0", answering(lambda s: b"", (MAX_CONCURRENT_STREAMS, 0)), TIMEOUT),
    HostileServer("7", "RST_STREAM instead of a response", answering(lambda s: rst_stream(s, INTERNAL_ERROR)), RESET),
    HostileServer("8.7", "every request is refused", answering(lambda s: rst_stream(s, REFUSED_STREAM)), RESET),
    HostileServer("7", "RST_STREAM in the middle", answering(lambda s: content(b"hel", end=False)(s) + rst_stream(s)), ABORTED),
    HostileServer("7", "RST_STREAM of NO_ERROR in the middle", answering(lambda s: content(b"hel", end=False)(s) + rst_stream(s, NO_ERROR)), ABORTED),
    HostileServer("6.8", "GOAWAY at once", goes_away_at_once, RESET),
    HostileServer("6.8", "GOAWAY instead of a response", never_begins, RESET),
    HostileServer("6.8", "GOAWAY before the response", goes_away_and_answers, Delivered()),
    HostileServer("6.8", "GOAWAY in the middle, and the end of the connection", goes_away_in_the_middle, ABORTED),
    HostileServer("6.8", "the end of the connection in a head", half_a_head, RESET),
    HostileServer("6.8", "the end of the connection in the middle", leaving(content(b"hel", end=False)), ABORTED),
]

MESSAGE_CASES = [
    HostileServer("8.3.2", "no :status", head(("x", "y"), status=None), INVALID),
    HostileServer("8.3.2", "a head without a field", answering(lambda s: headers(s, b"")), INVALID),
    HostileServer("8.3.2", "two :status", head((":status", "200")), INVALID),
    HostileServer("8.3.2", ":status of no number", head(status="abc"), INVALID),
    HostileServer("8.3.2", ":status of two digits", head(status="20"), INVALID),
    HostileServer("8.3.2", ":status beyond 599", head(status="999"), INVALID),
    HostileServer("8.3", "a pseudo-field of requests", head((":path", "/")), INVALID),
    HostileServer("8.3", "a pseudo-field behind a field", head(("x", "y"), (":status", "200"), status=None), INVALID),
    HostileServer("8.6", "101", head(status="101"), INVALID),
    HostileServer("8.1", "an informational head that ends the stream", head(status="103"), INVALID),
    HostileServer("8.2.1", "an upper-case letter in a name", head(("X-A", "b")), INVALID),
    HostileServer("8.2.1", "a space in a name", head(("x a", "b")), INVALID),
    HostileServer("8.2.1", "a line end in a name", head(("x\r\na", "b")), INVALID),
    HostileServer("8.2.1", "a line end in a value", head(("x", "a\r\nset-cookie: b")), INVALID),
    HostileServer("8.2.1", "NUL in a value", head(("x", "a\0b")), INVALID),
    HostileServer("8.2.2", "Connection", head(("connection", "close")), INVALID),
    HostileServer("8.2.2", "Transfer-Encoding", head(("transfer-encoding", "chunked")), INVALID),
    HostileServer("8.2.2", "Upgrade", head(("upgrade", "websocket")), INVALID),
    HostileServer("8.1.1", "a length that is no number", head(("content-length", "five"), end=False), INVALID),
    HostileServer("8.1.1", "two lengths", head(("content-length", "5"), ("content-length", "6"), end=False), INVALID),
    HostileServer("8.1.1", "a length, and no content", head(("content-length", "5")), INVALID),
    HostileServer("8.1.1", "less content than its length", answering(content(b"hel", fields=[("content-length", "5")])), ABORTED),
    HostileServer("8.1.1", "more content than its length", answering(content(b"hello, you", fields=[("content-length", "5")])), INVALID_OR_ABORTED),
    HostileServer("8.1", "DATA before HEADERS", answering(lambda s: data(s, b"hello")), RESET),
    HostileServer("8.1", "trailers with a pseudo-field", answering(lambda s: content(b"hel", end=False)(s) + headers(s, OK)), ABORTED),
    HostileServer("8.1", "trailers that do not end the response", answering(lambda s: content(b"hel", end=False)(s) + headers(s, block([("x", "y")]), END_HEADERS)), ABORTED),
    HostileServer("8.2.2", "trailers with Transfer-Encoding", answering(lambda s: content(b"hel", end=False)(s) + headers(s, block([("transfer-encoding", "x")]))), ABORTED),
    HostileServer("10.5.1", "a head beyond the limit", answering(lambda s: headers(s, OK + block([(f"x{i}", 900 * "y") for i in range(17)]), END_STREAM)
                  + b"".join(frame(CONTINUATION, END_HEADERS if i == 3 else 0, s, block([(f"x{i}", 900 * "y")] * 17)) for i in range(4))), INVALID),
    HostileServer("10.5.1", "a head of too many fields", head(*[("x", "y")] * 200), INVALID),
]

COMPRESSION_CASES = [
    HostileServer("HPACK 2.3.3", "an index behind an empty table", answering(lambda s: headers(s, OK + indexed(62))), RESET),
    HostileServer("HPACK 6.1", "index 0", answering(lambda s: headers(s, OK + indexed(0))), RESET),
    HostileServer("HPACK 6.3", "a size update beyond the most", answering(lambda s: headers(s, b"\x3f\xff\xff\x03" + OK)), RESET),
    HostileServer("HPACK 5.2", "a value longer than the block", answering(lambda s: headers(s, OK + literal(b"x", b"yyyy")[:-1])), RESET),
    HostileServer("HPACK 7.3", "a block that becomes 60 MB", answering(lambda s: headers(s, OK + incremental(b"x", 4000 * b"y") + 12000 * indexed(62))), RESET),
]

FLOOD_CASES = [
    HostileServer("10.5", "SETTINGS", flood(lambda s: settings((INITIAL_WINDOW_SIZE, 65535))), RESET),
    HostileServer("10.5", "PING", flood(lambda s: frame(PING, payload=bytes(8))), RESET),
    HostileServer("10.5", "WINDOW_UPDATE", flood(lambda s: window_update(0, 1)), RESET),
    HostileServer("10.5", "PRIORITY", flood(lambda s: frame(PRIORITY, 0, s, bytes(4) + b"\x10")), RESET),
    HostileServer("10.5", "frames that nobody knows", flood(lambda s: frame(0xF0, 0, 0, b"x")), RESET),
    HostileServer("10.5", "RST_STREAM of the same stream", flood(lambda s: rst_stream(s)), RESET),
    HostileServer("10.5", "informational heads", flood(lambda s: headers(s, block([(":status", "103"), ("link", "</a>")]), END_HEADERS)), INVALID),
    HostileServer("10.5", "CONTINUATION", flood(lambda s: frame(CONTINUATION, 0, s), lambda s: headers(s, OK, END_STREAM)), RESET),
    HostileServer("10.5", "empty DATA", flood(lambda s: data(s, end=False), lambda s: headers(s, OK, END_HEADERS)), RESET_OR_ABORTED),
    HostileServer("10.5", "DATA of nothing but padding", flood(lambda s: frame(DATA, PADDED, s, padded(b"", 9)), lambda s: headers(s, OK, END_HEADERS)), RESET_OR_ABORTED),
]

SILENT_CASES = [
    HostileServer("8.1", "a server that does not answer", answering(lambda s: b""), TIMEOUT),
    HostileServer("8.1", "informational heads, and no final one", answering(lambda s: headers(s, block([(":status", "103")]), END_HEADERS)), TIMEOUT),
    HostileServer("6.10", "a head that does not end", flood(lambda s: b"", lambda s: headers(s, OK, END_STREAM)), TIMEOUT),
    HostileServer("8.1", "content that does not end", answering(content(b"hel", end=False)), IDLE),
    HostileServer("8.1", "less content than its length, and no end", answering(content(b"hel", fields=[("content-length", "5")], end=False)), IDLE),
]

CASES = PREFACE_CASES + FRAME_CASES + STATE_CASES + MESSAGE_CASES + COMPRESSION_CASES + FLOOD_CASES + SILENT_CASES
