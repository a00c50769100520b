"""HTTP/2 on the wire, by hand: frames (RFC 9113), HPACK both ways (RFC 7541), and a client that says what it is told.

None of the product's code and no library, so that both sides of a test do not share a mistake.
"""
import socket
import ssl
import time

from test.support.hpack import Decoder

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
PRIORITY_UPDATE = 0x10
ACK = END_STREAM = 0x1
END_HEADERS, PADDED, PRIORITY_FLAG = 0x4, 0x8, 0x20
WHOLE = END_HEADERS | END_STREAM

(NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED, FRAME_SIZE_ERROR,
 REFUSED_STREAM, CANCEL, COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM) = range(12)
ERRORS = ["NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
          "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM"]

(HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE,
 _, ENABLE_CONNECT_PROTOCOL, NO_RFC7540_PRIORITIES) = range(1, 10)


def number(value, size=4):
    return value.to_bytes(size, "big")


def frame(kind, flags=0, stream=0, payload=b"", length=None):
    """One frame; LENGTH: what its header says instead of the truth."""
    return number(len(payload) if length is None else length, 3) + bytes([kind, flags]) + number(stream) + payload


def settings(*pairs):
    return frame(SETTINGS, payload=b"".join(number(name, 2) + number(value) for name, value in pairs))


def window_update(stream, increment):
    return frame(WINDOW_UPDATE, 0, stream, number(increment))


def rst_stream(stream, code=CANCEL):
    return frame(RST_STREAM, 0, stream, number(code))


def padded(payload, padding):
    return bytes([padding]) + payload + bytes(padding)


def data(stream, payload=b"", end=True):
    return frame(DATA, END_STREAM if end else 0, stream, payload)


def headers(stream, block, flags=WHOLE):
    return frame(HEADERS, flags, stream, block)


class Tls:
    """How clients make their handshakes: for SERVER_NAME, h2 and nothing else, and whoever the certificate is of."""

    def __init__(self, server_name):
        self.server_name, self.context = server_name, ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname, self.context.verify_mode = False, ssl.CERT_NONE
        self.context.set_alpn_protocols(["h2"])

    def over(self, connection):
        secured = self.context.wrap_socket(connection, server_hostname=self.server_name)
        assert secured.selected_alpn_protocol() == "h2", secured.selected_alpn_protocol()
        return secured


class Client:
    """One connection, with TLS or without; keeps what came, in order."""

    def __init__(self, address, greet=True, seconds=5.0, tls=None):
        self.address = address
        self.socket = socket.create_connection(address, timeout=seconds)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.socket = tls.over(self.socket)
        self.seconds, self.decoder = seconds, Decoder()
        self.frames = []       # (kind, flags, stream, payload)
        self.responses = {}    # stream -> [header sections]
        self.content = {}      # stream -> bytes
        self.ended = set()     # streams with END_STREAM
        self.resets = {}       # stream -> code
        self.goaways = []      # (last stream, code)
        self.closed = False
        self.reset = False     # it ended by a TCP reset
        self._input, self._block = b"", b""
        if greet:
            self.send(PREFACE + settings())

    def send(self, payload):
        self.socket.settimeout(self.seconds)
        try:
            self.socket.sendall(payload)
        except OSError:
            self.reset = True

    def until(self, condition, seconds=None):
        """Reads until CONDITION() or the end of the connection or too long; what it is then."""
        deadline = time.monotonic() + (self.seconds if seconds is None else seconds)
        while not condition():
            left = deadline - time.monotonic()
            if self.closed or left <= 0:
                return False
            self.socket.settimeout(left)
            try:
                received = self.socket.recv(1 << 16)
            except socket.timeout:
                return condition()
            except OSError:
                received, self.reset = b"", True
            self.closed = not received
            self._take(received)
        return True

    def close(self):
        self.socket.close()

    def status(self, stream):
        """Of the final head; 0: there is none yet."""
        final = [int(s[b":status"]) for s in map(dict, self.responses.get(stream, [])) if b":status" in s]
        return final[-1] if final and final[-1] >= 200 else 0

    def done(self, stream):
        return stream in self.ended or stream in self.resets

    def count(self, kind, flags=0):
        return sum(1 for k, f, _, _ in self.frames if k == kind and f & flags == flags)

    def _take(self, received):
        self._input += received
        while len(self._input) >= 9:
            size = int.from_bytes(self._input[:3], "big")
            if len(self._input) < 9 + size:
                return
            kind, flags = self._input[3], self._input[4]
            stream = int.from_bytes(self._input[5:9], "big") & 0x7FFFFFFF
            payload, self._input = self._input[9 : 9 + size], self._input[9 + size :]
            self.frames.append((kind, flags, stream, payload))
            self._understand(kind, flags, stream, payload)

    def _understand(self, kind, flags, stream, payload):
        if kind in (HEADERS, CONTINUATION):
            self._block += payload
            if flags & END_HEADERS:
                self.responses.setdefault(stream, []).append(self.decoder.decode(self._block))
                self._block = b""
        elif kind == DATA:
            self.content[stream] = self.content.get(stream, b"") + payload
        elif kind == RST_STREAM:
            self.resets[stream] = int.from_bytes(payload, "big")
        elif kind == GOAWAY:
            self.goaways.append((int.from_bytes(payload[:4], "big"), int.from_bytes(payload[4:8], "big")))
        elif kind == SETTINGS and not flags & ACK:
            self.settings = {int.from_bytes(payload[i : i + 2], "big"): int.from_bytes(payload[i + 2 : i + 6], "big")
                             for i in range(0, len(payload), 6)}
        if kind in (HEADERS, DATA) and flags & END_STREAM:
            self.ended.add(stream)
