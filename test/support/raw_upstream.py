"""A server of HTTP/1.1 by hand, which knows of each request how far it came, and answers when it is told.

    upstream = RawUpstream()
    upstream.running            how many requests it has under way; upstream.most: at most so far
    upstream.release.set()      those of /hold may go on
    upstream.requests           what came of each, in the order of their heads: Came(path, bytes, ended)

Paths: /hold answers when `release` is set, /ms/N after N ms, /early before it reads the content, /ws switches to a protocol that says
back what it is told. Anything else reads the content and answers with its length.
"""
import socket
import threading
import time


class Came:
    """A request: how much content came, and whether that was ended as its framing says."""

    def __init__(self, path):
        self.path, self.bytes, self.ended = path, 0, False


class RawUpstream:
    def __init__(self):
        self.release, self.requests, self.running, self.most = threading.Event(), [], 0, 0
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        self.release.set()
        self._listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection, connection.makefile("rb") as stream:
            try:
                while self._serve_one(connection, stream):
                    pass
            except OSError:
                pass

    def _serve_one(self, connection, stream):
        line = stream.readline().split()
        fields = {}
        while (field := stream.readline()).strip():
            name, _, value = field.partition(b":")
            fields[name.strip().lower()] = value.strip()
        if len(line) != 3:
            return False
        came = Came(line[1].decode())
        with self._lock:
            self.requests.append(came)
            self.running += 1
            self.most = max(self.most, self.running)
        try:
            answer = self._answer(connection, stream, fields, came)
        finally:
            # Before the answer: whoever has it may ask again at once.
            with self._lock:
                self.running -= 1
        connection.sendall(answer)
        return answer != b""

    def _answer(self, connection, stream, fields, came):
        """The rest of what is answered; nothing: the connection ends."""
        if came.path == "/ws":
            connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n")
            while told := connection.recv(65536):
                connection.sendall(told)
            return b""
        if came.path == "/early":
            connection.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nearly\r\n")
        _read_content(stream, fields, came)
        if not came.ended:
            return b""
        if came.path == "/hold":
            self.release.wait(30)
        if came.path.startswith("/ms/"):
            time.sleep(int(came.path[4:]) / 1000)
        if came.path == "/early":
            return b"0\r\n\r\n"
        text = str(came.bytes).encode()
        return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(text), text)


def _read_content(stream, fields, came):
    if fields.get(b"transfer-encoding") != b"chunked":
        length = int(fields.get(b"content-length", b"0"))
        came.bytes = len(stream.read(length))
        came.ended = came.bytes == length
        return
    while size := stream.readline().strip():
        length = int(size, 16)
        came.bytes += len(stream.read(length))
        end = stream.readline()
        if length == 0:
            came.ended = end == b"\r\n"
            return
