"""Attack cases that come from outside of this repository, over HTTP/2 to a backend of HTTP/1.1: the rows that are frames
or procedures of HTTP/2, and the rows of HTTP/1 again, as the request of HTTP/2 that says the same.
"""
import re
import socket
import struct

from test.conformance.http2.case import GET, get
from test.support.attack_runner import Observation
from test.support.hpack import block, incremental, indexed, literal, size_update
from test.support.http2_wire import *

TYPES = {"DATA": DATA, "HEADERS": HEADERS, "PRIORITY": PRIORITY, "RST_STREAM": RST_STREAM, "SETTINGS": SETTINGS, "PING": PING,
         "WINDOW_UPDATE": WINDOW_UPDATE, "CONTINUATION": CONTINUATION}
FLAGS = {"END_STREAM": END_STREAM, "ACK": ACK, "END_HEADERS": END_HEADERS, "PADDED": PADDED, "PRIORITY": PRIORITY_FLAG}
SETTING_NAMES = {"HEADER_TABLE_SIZE": HEADER_TABLE_SIZE, "ENABLE_PUSH": ENABLE_PUSH, "MAX_CONCURRENT_STREAMS": MAX_CONCURRENT_STREAMS,
                 "INITIAL_WINDOW_SIZE": INITIAL_WINDOW_SIZE, "MAX_FRAME_SIZE": MAX_FRAME_SIZE, "MAX_HEADER_LIST_SIZE": MAX_HEADER_LIST_SIZE}
BIG = get(b"/big")


# --- Rows that are frames.

class Notation:
    """Frames of a row as bytes: {"type", "stream": number, "next" or "last", "flags", ...}, {"repeat": N, "frames": [...]}."""

    def __init__(self):
        self.next, self.last = 1, 1

    def bytes_of(self, frames):
        for described in frames:
            for _ in range(described.get("repeat", 1)):
                if "frames" in described:
                    yield from self.bytes_of(described["frames"])
                else:
                    yield self.frame(described)

    def frame(self, described):
        kind, stream = TYPES[described["type"]], self.stream(described)
        flags = sum(FLAGS[flag] for flag in described.get("flags", []))
        if kind == HEADERS and "raw" not in described:
            return self.headers(described, stream, flags)
        return frame(kind, flags, stream, self.payload(kind, described))

    def stream(self, described):
        stream = described.get("stream", 0)
        if stream == "last":
            return self.last
        if stream == "next":
            stream = self.next
        if stream and described["type"] in ("HEADERS", "PRIORITY"):
            self.last, self.next = stream, max(self.next, stream + 2)
        return stream

    @staticmethod
    def payload(kind, described):
        if kind == SETTINGS:
            return b"".join(number(SETTING_NAMES[name], 2) + number(value) for name, value in described.get("settings", []))
        if kind == DATA:
            return described.get("data", "").encode("latin-1")
        if kind == RST_STREAM:
            return number(ERRORS.index(described.get("error", "CANCEL")))
        if kind == WINDOW_UPDATE:
            return number(described["increment"])
        if kind == CONTINUATION:
            return block([("a", "b")]) * (described["raw_len"] // 5)
        return bytes(8) if kind == PING else bytes.fromhex(described["raw"])

    @staticmethod
    def headers(described, stream, flags):
        whole = block(described["headers"])
        if repeated := described.get("repeat_header"):
            whole += block([(repeated["name"], repeated["value"])]) * repeated["count"]
        if bomb := described.get("hpack_bomb"):
            whole += incremental(bomb.get("name", "x-b").encode(), bomb["value_len"] * b"v") + bomb["refs"] * indexed(62)
        return in_frames(stream, whole, flags)


def in_frames(stream, whole, flags=WHOLE):
    """A header block in HEADERS and as many CONTINUATION as it needs."""
    pieces = [whole[i : i + 16384] for i in range(0, len(whole), 16384)] or [b""]
    last = len(pieces) - 1
    ends = [END_HEADERS & flags if i == last else 0 for i in range(len(pieces))]
    return headers(stream, pieces[0], flags & ~END_HEADERS | ends[0]) + b"".join(
        frame(CONTINUATION, end, stream, piece) for piece, end in zip(pieces[1:], ends[1:]))


# --- Rows that are procedures: what they send, and when.

def drip(client):
    """H2F-016: a byte of window at a time."""
    client.send(settings((INITIAL_WINDOW_SIZE, 0)) + b"".join(headers(1 + 2 * i, BIG) for i in range(100)))
    for _ in range(12):
        client.send(b"".join(window_update(1 + 2 * i, 1) for i in range(100) if 1 + 2 * i not in client.resets))
        client.until(lambda: len(client.resets) == 100 or client.closed, 1)
    if len(client.resets) < 100 and not client.closed:
        return f"{len(client.resets)} of 100 responses were given up"


def flip_windows(client):
    """H2F-017: all windows closed and opened."""
    client.send(b"".join(headers(1 + 2 * i, get(b"/slow/1000")) for i in range(100)))
    for _ in range(5000):
        client.send(settings((INITIAL_WINDOW_SIZE, 0)) + settings((INITIAL_WINDOW_SIZE, 0x7FFFFFFF)))
        if client.reset or client.until(lambda: client.closed, 0):
            break
    client.until(lambda: client.closed)


def oversize_table(client):
    """H2F-020: a table larger than allowed, then an index behind what wrapped."""
    entries = b"".join(incremental(b"x%d" % i, 1000 * b"v") for i in range(8))
    client.send(headers(1, GET + entries) + headers(3, size_update(65536) + GET + indexed(70)))
    client.until(lambda: client.closed)


def vanish(client):
    """H2F-022: as many streams as are allowed, and then a client that is gone, many times."""
    client.close()
    for _ in range(1000):
        one = Client(client.address)
        one.send(b"".join(headers(1 + 2 * i, BIG) for i in range(100)))
        one.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.close()


def websocket_unasked(client):
    """UPG-006: extended CONNECT that was not offered."""
    fields = [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/ws"), (":authority", "a.test")]
    client.send(headers(1, block(fields), END_HEADERS))
    client.until(lambda: client.done(1) or client.closed)


PROCEDURES = {"H2F-016": drip, "H2F-017": flip_windows, "H2F-020": oversize_table, "H2F-022": vanish, "UPG-006": websocket_unasked}


# --- Rows of HTTP/1, said in HTTP/2.

# A string beyond this ends the connection wherever it is met: HPACK's decoders must have a limit of their own, and what is beyond it is an
# error of decoding (RFC 7541 5.1, 7.4; RFC 9113 4.3).
MOST_OF_A_STRING = 65536
OF_A_CONNECTION = {b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"}


class Translated:
    """The first request of a row as fields and content. Nothing is mended: what is odd stays odd, byte for byte."""

    def __init__(self, data):
        head, _, self.content = data.partition(b"\r\n\r\n")
        lines = re.split(rb"\r\n(?![ \t])", head)
        method, _, rest = lines[0].partition(b" ")
        target = re.sub(rb" HTTP/\d\.\d$", b"", rest)
        self.sayable = all(b":" in line for line in lines[1:] if line)  # a line without a colon is a field all the same here
        fields = [self._field(line) for line in lines[1:] if line]
        hosts = [value for name, value in fields if name == b"host"]
        self.fields = [(b":method", method), (b":scheme", b"http"), (b":path", target)]
        if hosts:
            self.fields.append((b":authority", hosts[0]))
            fields.remove((b"host", hosts[0]))
        self.fields += fields

    @staticmethod
    def _field(line):
        name, _, value = line.partition(b":")
        return name.lower(), value.removeprefix(b" ")

    def forbidden(self):
        """Has fields that no message of HTTP/2 may have (RFC 9113 8.2.2)."""
        return any(name in OF_A_CONNECTION or (name == b"te" and value != b"trailers") for name, value in self.fields)

    def decodable(self):
        return all(len(name) <= MOST_OF_A_STRING and len(value) <= MOST_OF_A_STRING for name, value in self.fields)

    def send(self, client):
        flags = END_HEADERS if self.content else WHOLE
        client.send(in_frames(1, block(self.fields), flags))
        pieces = [self.content[i : i + 16384] for i in range(0, len(self.content), 16384)]
        client.send(b"".join(data(1, piece, i == len(pieces) - 1) for i, piece in enumerate(pieces)))

    def send_and_wait(self, client):
        self.send(client)
        client.until(lambda: client.done(1) or client.closed, 2)


def expected(row, translated):
    """What the row asserts, for a stream instead of a connection: an error of one leaves the connection alone."""
    if translated.forbidden():
        return {"h2_stream_error": ["PROTOCOL_ERROR"], "or_status_in": [400], "upstream_requests": 0}
    if not translated.decodable():
        return {key: value for key, value in row["assert"].items() if key != "conn_closed"}
    return _without_connection(row["assert"]) if translated.sayable else {}


def _without_connection(wanted):
    kept = {key: value for key, value in wanted.items() if key not in ("conn_closed", "or_close")}
    if "any_of" in kept:
        kept["any_of"] = [_without_connection(branch) for branch in kept["any_of"]]
    return kept


# --- What was seen.

class Seen(Observation):
    """What a case did, as a client of HTTP/2 and a backend of HTTP/1.1 saw it."""

    def __init__(self, client, seconds, upstream, rss_growth=0, cpu=0.0, canary_ms=0.0):
        statuses = [status for status in map(client.status, sorted(client.responses)) if status]
        super().__init__(statuses, b"".join(client.content.values()), client.closed, seconds, upstream, rss_growth)
        name = lambda code: ERRORS[code] if code < len(ERRORS) else code
        self.stream_errors = {name(code) for code in client.resets.values()}
        self.goaways = {name(code) for _, code in client.goaways}
        self.cpu, self.canary_ms = cpu, canary_ms


def refused(seen, wanted, asserts):
    return bool(seen.stream_errors & set(wanted)) or any(status in asserts.get("or_status_in", []) for status in seen.statuses)


JUDGES = {
    "h2_stream_error": refused,
    "or_status_in": lambda o, v, a: True,  # widens h2_stream_error
    "goaway": lambda o, v, a: bool(o.goaways & set(v)),
    "max_cpu_s": lambda o, v, a: o.cpu <= v,
    "canary_p99_ms": lambda o, v, a: o.canary_ms <= v,
    "alive": lambda o, v, a: True,  # holds for every case
}


def adapted(row):
    """What the row asserts. The flood of PRIORITY frames of a wrong size ends with the first of them, by that error."""
    if row["id"] != "H2F-003":
        return row["assert"]
    return row["assert"] | {"goaway": row["assert"]["goaway"] + ["FRAME_SIZE_ERROR"]}


def ask_canary(client):
    client.send(headers(1, GET))
    client.until(lambda: client.done(1))


def run_frames(row, client):
    """Sends the frames of ROW until the server has had enough."""
    pending = b""
    for piece in Notation().bytes_of(row["frames"]):
        pending += piece
        if len(pending) < 60000:
            continue
        client.send(pending)
        pending = b""
        if client.reset or client.until(lambda: client.closed, 0):
            break
    client.send(pending)
    flood = row["class"] == "h2-dos"
    client.until(lambda: client.closed or (not flood and client.resets), 3 if flood else 1)
