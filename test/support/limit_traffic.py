"""Clients that ask and ask: many connections, one request at a time on each, and when each request was sent and answered.

    clients = [Client(replica, "/limited", keys=("a", "b")) for replica in fleet.replicas for _ in range(20)]
    rows = ask(clients, time.monotonic() + 1)
"""
import collections
import heapq
import re
import selectors
import socket
import time

# Times are CLOCK_MONOTONIC's. `status` is 0 for a request that got no answer; `reason` is x-penstock-reason; `told`: the
# answer says what is left (ratelimit).
Row = collections.namedtuple("Row", "replica path key sent received status reason told")

ANSWER_SECONDS = 10
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.I)
REASON = re.compile(rb"\r\nx-penstock-reason: *([^\r]+)", re.I)


class Client:
    """One connection to one replica; `gap` is the time from one request to the next, 0: as soon as there is an answer."""

    def __init__(self, replica, port, path, keys=("",), gap=0.0):
        self.replica, self.address, self.path, self.gap = replica.index, (replica.host, port), path, gap
        self.requests = [(key, f"GET {path} HTTP/1.1\r\nhost: limits\r\nx-key: {key}\r\n\r\n".encode()) for key in keys]
        self.count, self.due, self.socket = 0, 0.0, None
        self._dial()

    def _dial(self):
        self.close()
        self.socket = socket.create_connection(self.address, ANSWER_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)

    def close(self):
        if self.socket is not None:
            self.socket.close()

    def send(self):
        self.key, request = self.requests[self.count % len(self.requests)]
        self.count += 1
        self.input = b""
        self.sent = time.monotonic()
        self.socket.send(request)

    def receive(self):
        """What became of the request; None: the answer is not complete."""
        try:
            piece = self.socket.recv(65536)
        except OSError:
            piece = b""
        now = time.monotonic()
        self.input += piece
        if not piece:
            return self.row(now, 0, "connection lost")
        head = self.input.find(b"\r\n\r\n")
        if head < 0:
            return None
        length = LENGTH.search(self.input, 0, head + 2)
        if len(self.input) < head + 4 + (int(length.group(1)) if length else 0):
            return None
        reason = REASON.search(self.input, 0, head + 2)
        told = b"\r\nratelimit: " in self.input[:head].lower()
        return self.row(now, int(self.input[9:12]), reason.group(1).decode() if reason else "", told)

    def row(self, now, status, reason, told=False):
        return Row(self.replica, self.path, self.key, self.sent, now, status, reason, told)


def ask(clients, until):
    """Asks until UNTIL and waits for the last answers; the rows in the order of the answers."""
    selector, rows, waiting = selectors.DefaultSelector(), [], set()
    begin = time.monotonic()
    idle = [(begin + client.gap * i / len(clients), i) for i, client in enumerate(clients)]
    heapq.heapify(idle)
    for i, client in enumerate(clients):
        selector.register(client.socket, selectors.EVENT_READ, i)
    while True:
        now = time.monotonic()
        while idle and idle[0][0] <= now < until:
            due, i = heapq.heappop(idle)
            clients[i].due = due
            clients[i].send()
            waiting.add(i)
        if now >= until and not waiting:
            break
        if now >= until + ANSWER_SECONDS:
            rows += [clients[i].row(now, 0, "no answer") for i in waiting]
            break
        wake = until + ANSWER_SECONDS if now >= until else min([until] + [due for due, _ in idle[:1]])
        for event, _ in selector.select(max(0.0, wake - now)):
            i = event.data
            row = clients[i].receive()
            if row is None:
                continue
            rows.append(row)
            waiting.discard(i)
            if row.status == 0:
                selector.unregister(clients[i].socket)
                clients[i]._dial()
                selector.register(clients[i].socket, selectors.EVENT_READ, i)
            heapq.heappush(idle, (max(clients[i].due + clients[i].gap, row.received), i))
    selector.close()
    return rows
