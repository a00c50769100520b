"""A server of HTTP/2 by hand, which does on every connection what a script says, right or wrong."""
import contextlib
import socket
import threading

from test.support.http2_wire import ACK, END_HEADERS, HEADERS, CONTINUATION, PREFACE, SETTINGS, frame, settings


class Peer:
    """One connection, as its script sees it. Once the client has closed it, reading ends and what is sent goes nowhere."""

    def __init__(self, connection):
        self.socket, self.input, self._greeted = connection, b"", False
        connection.settimeout(30)

    def send(self, *payloads):
        with contextlib.suppress(OSError):
            self.socket.sendall(b"".join(payloads))

    def greet(self, *pairs):
        self.send(settings(*pairs), frame(SETTINGS, ACK))

    def next_frame(self):
        """(kind, flags, stream, payload) of the client's next one; None: there is none any more."""
        while not (found := self._take()):
            try:
                received = self.socket.recv(65536)
            except OSError:
                return None
            if not received:
                return None
            self.input += received
        return found

    def requests(self):
        """The stream of each request, once its head is complete."""
        while found := self.next_frame():
            kind, flags, stream, _ = found
            if kind in (HEADERS, CONTINUATION) and flags & END_HEADERS:
                yield stream

    def request(self):
        return next(self.requests(), 0)

    def see(self, kind):
        """Reads until the client sends a frame of KIND; false: it never did."""
        while found := self.next_frame():
            if found[0] == kind:
                return True
        return False

    def rest(self):
        """Reads what still comes."""
        while self.next_frame():
            pass

    def _take(self):
        if not self._greeted and len(self.input) >= len(PREFACE):
            self.input, self._greeted = self.input[len(PREFACE) :], True
        if not self._greeted or len(self.input) < 9:
            return None
        size = int.from_bytes(self.input[:3], "big")
        if len(self.input) < 9 + size:
            return None
        kind, flags, stream = self.input[3], self.input[4], int.from_bytes(self.input[5:9], "big") & 0x7FFFFFFF
        payload, self.input = self.input[9 : 9 + size], self.input[9 + size :]
        return kind, flags, stream, payload


class Http2Server:
    """Listens on a free port of 127.0.0.1; SCRIPT(peer) has each connection, which is closed when it returns."""

    def __init__(self, script):
        self.script, self.connections = script, 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection:
            self.script(Peer(connection))

    def stop(self):
        self.socket.close()
