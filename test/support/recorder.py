"""An upstream that records the raw bytes of each connection and reads them as four different servers would.

The readings: "strict" (RFC 9112), "length" (believes Content-Length before Transfer-Encoding), "lenient" (sees framing fields
through odd spellings), "linefeed" (a bare LF ends a line). A proxy is safe when all four read the same requests.
"""
import json
import re
import socket
import threading

READINGS = ("strict", "length", "lenient", "linefeed")


class Request:
    """One request as a reading sees it; `problem` is why it is not a whole valid one."""

    def __init__(self, line, host=None, size=0, problem=None):
        self.line, self.host, self.size, self.problem = line, host, size, problem

    @property
    def path(self):
        words = self.line.split(" ")
        return words[1] if len(words) > 1 else ""

    def key(self):
        return self.line, self.size, self.problem


class _Reader:
    def __init__(self, data, reading):
        self.data, self.at = data, 0
        self.linefeed, self.lenient = reading == "linefeed", reading == "lenient"
        self.length_first, self.strict = reading == "length", reading == "strict"

    def line(self):
        end = self.data.find(b"\n" if self.linefeed else b"\r\n", self.at)
        if end < 0:
            return None
        text = self.data[self.at : end].decode("latin-1")
        self.at = end + (1 if self.linefeed else 2)
        return text.rstrip("\r") if self.linefeed else text

    def head(self):
        lines = []
        while (text := self.line()) is not None:
            if text == "":
                return lines
            lines.append(text)
        return None

    def framing(self, lines):
        """(length, chunked, host, problem)"""
        length, chunked, host = None, False, None
        for text in lines[1:]:
            name, _, value = text.partition(":")
            name, value = name.lower(), value.strip(" \t")
            if self.lenient:
                name = re.sub("[^a-z-]", "", name.replace("_", "-"))
            if name == "host":
                host = value.lower()
            elif name == "content-length":
                digits = re.search(r"\d+", value) if self.lenient else re.fullmatch(r"\d+", value)
                if digits is None or (length is not None and length != int(digits.group()) and not self.lenient):
                    return length, chunked, host, f"content-length {value!r}"
                length = int(digits.group())
            elif name == "transfer-encoding":
                if self.lenient:
                    chunked = chunked or "chunk" in value.lower()
                elif value.lower() != "chunked":
                    return length, chunked, host, f"transfer-encoding {value!r}"
                else:
                    chunked = True
        if chunked and length is not None and self.strict:
            return length, chunked, host, "both lengths"
        return length, chunked and not (self.length_first and length is not None), host, None

    def chunks(self):
        """(size of the body, problem)"""
        total = 0
        while True:
            text = self.line()
            if text is None:
                return total, "incomplete"
            size = text.partition(";")[0]
            digits = re.fullmatch("[0-9a-fA-F]+", size) if self.strict else re.match(r"\s*([0-9a-fA-F]+)", size)
            if digits is None:
                return total, f"chunk size {size!r}"
            count = int(digits.group().strip(), 16)
            if count == 0:
                break
            if self.at + count + 2 > len(self.data):
                return total, "incomplete"
            self.at += count
            total += count
            if self.data[self.at : self.at + 2] == b"\r\n":
                self.at += 2
            elif self.strict:
                return total, "chunk end"
            elif self.data[self.at : self.at + 1] == b"\n":
                self.at += 1
        while (text := self.line()) is not None:
            if text == "":
                return total, None
        return total, "incomplete"

    def request(self):
        begin = self.at
        lines = self.head()
        if lines is None:
            self.at = len(self.data)
            return Request(self.data[begin : begin + 80].decode("latin-1"), problem="incomplete")
        length, chunked, host, problem = self.framing(lines)
        if problem:
            return Request(lines[0], host, 0, problem)
        if chunked:
            size, problem = self.chunks()
            return Request(lines[0], host, size, problem)
        size = length or 0
        if self.at + size > len(self.data):
            return Request(lines[0], host, size, "incomplete")
        self.at += size
        return Request(lines[0], host, size)


def read_as(data, reading):
    reader, requests = _Reader(data, reading), []
    while reader.at < len(data):
        requests.append(reader.request())
        if requests[-1].problem:
            break
    return requests


class Recorder:
    """Listens on a free port of 127.0.0.1; answers each whole request with 200."""

    def __init__(self):
        self.lock, self.connections = threading.Lock(), []
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            connection, _ = self.socket.accept()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        data, answered = bytearray(), 0
        with self.lock:
            self.connections.append(data)
        connection.settimeout(60)
        try:
            while received := connection.recv(65536):
                with self.lock:
                    data += received
                requests = read_as(bytes(data), "strict")
                for request in requests[answered:]:
                    if request.problem == "incomplete":
                        break
                    if request.problem:
                        connection.sendall(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                        return
                    answered += 1
                    body = json.dumps({"line": request.line, "host": request.host, "size": request.size}).encode()
                    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
                    connection.sendall(head + (b"" if request.line.startswith("HEAD") else body))
        except OSError:
            pass
        finally:
            connection.close()

    def mark(self):
        with self.lock:
            return [len(data) for data in self.connections]

    def since(self, mark):
        """The bytes of each connection that came after MARK."""
        with self.lock:
            before = mark + [0] * (len(self.connections) - len(mark))
            return [bytes(data[old:]) for data, old in zip(self.connections, before) if len(data) > old]
