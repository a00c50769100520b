"""A service that is asked whether requests may go on, and that behaves as it is told."""
import socket
import struct
import threading
import time

ANSWERS = {
    "allow": b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
    "deny": b"HTTP/1.1 403 Forbidden\r\ncontent-length: 4\r\n\r\nnope",
    "500": b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n",
    "503": b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n",
    "half an answer, then a reset": b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf",
    "a reset": b"",
    "the end": b"",
    "silence": None,
    "a byte a second": b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
    "something else": b"\x16\x03\x01 this is no HTTP\r\n\r\n",
    "an answer without an end": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + b"8000\r\n" + b"x" * 0x8000 + b"\r\n",
}
KEPT = ("allow", "deny", "500", "503", "silence")


class Judge:
    """Listens on a free port. `mood` is one of ANSWERS; `heard` is all that came."""

    def __init__(self):
        self.mood, self.heard, self.lock = "allow", b"", threading.Lock()
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            connection, _ = self.socket.accept()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        data, mood = b"", "allow"
        try:
            while mood in KEPT and (received := connection.recv(65536)):
                data += received
                with self.lock:
                    self.heard += received
                if data.endswith(b"\r\n\r\n"):
                    data, mood = b"", self.mood
                    self._answer(connection, mood)
        except OSError:
            pass
        finally:
            connection.close()

    @staticmethod
    def _answer(connection, mood):
        answer = ANSWERS[mood] or b""
        slow = mood == "a byte a second"
        for piece in ([bytes([byte]) for byte in answer] if slow else [answer]):
            connection.sendall(piece)
            time.sleep(1 if slow else 0)
        if "reset" in mood:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
