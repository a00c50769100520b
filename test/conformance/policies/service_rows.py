"""Attack rows about services that are asked whether requests may go on, as those of token_rows."""
import contextlib
import socket
import threading
import time

from test.conformance.policies.access_rows import echoed
from test.conformance.policies.judge import ANSWERS
from test.conformance.policies.place import resident

FAILURES = [mood for mood in ANSWERS if mood not in ("allow", "deny")]
CONTENT = 256 << 20


def service_that_fails(place, _):
    """Closed by default, open only where a policy says so, and then counted."""
    wrong = []
    for mood, wanted in {"allow": (200, True), "deny": (403, False)}.items():
        place.judge.mood = mood
        wrong += [f"{mood}: {got}" for got in [echoed(place, "judged")] if got != wanted]
    counted = place.replica.metric("penstock_external_auth_fail_open_total")
    for mood in FAILURES:
        place.judge.mood = mood
        began = time.monotonic()
        closed = echoed(place, "judged")
        seconds = time.monotonic() - began
        if closed != (503, False) or seconds > 3:  # our own wait for more bytes is a part of it
            wrong.append(f"{mood}: {closed} after {seconds:.1f} s")
        if (opened := echoed(place, "judged-open")) != (200, True):
            wrong.append(f"{mood}, onFailure Open: {opened}")
    if (refused := echoed(place, "unjudged")) != (503, False):
        wrong.append(f"connection refused: {refused}")
    if (opened := echoed(place, "unjudged-open")) != (200, True):
        wrong.append(f"connection refused, onFailure Open: {opened}")
    counted = place.replica.metric("penstock_external_auth_fail_open_total") - counted
    print(f"      RBC-005: failures {FAILURES}, and connection refused; let in and counted: {counted:.0f}", flush=True)
    place.judge.mood = "allow"
    return wrong + ([] if counted == len(FAILURES) + 1 else [f"{counted:.0f} were counted"])


def upload(place, size):
    """(status, bytes that were taken) of a request with SIZE bytes of content, from a client that stops when it has an answer."""
    sent, answered = [0], threading.Event()

    def send(connection):
        piece = bytes(1 << 18)
        with contextlib.suppress(OSError):
            while sent[0] < size and not answered.is_set():
                sent[0] += connection.send(piece[: size - sent[0]])

    with socket.create_connection(place.address(), timeout=60) as connection:
        connection.sendall(f"POST /echo HTTP/1.1\r\nhost: judged.test\r\nconnection: close\r\ncontent-length: {size}\r\n\r\n".encode())
        sender = threading.Thread(target=send, args=(connection,))
        sender.start()
        received = connection.recv(65536)
        answered.set()
    sender.join()
    return int(received.split(b" ")[1]), sent[0]


def content_that_is_large(place, _):
    """The service gets no content, and content waits at the client until the service has said yes."""
    wrong, before = [], resident(place.replica.process.pid)
    with place.judge.lock:
        place.judge.heard = b""
    for mood, wanted in {"allow": 200, "deny": 403}.items():
        place.judge.mood = mood
        status, sent = upload(place, CONTENT)
        growth = resident(place.replica.process.pid) - before
        print(f"      RBC-007: {CONTENT >> 20} MiB, {mood}: {status} after {sent / 1e6:.1f} MB, memory +{growth / 1e6:.1f} MB", flush=True)
        wrong += [] if status == wanted and growth < 16e6 else [f"{mood}: {status}, memory +{growth / 1e6:.1f} MB"]
        wrong += [f"{mood}: {sent} bytes were taken"] if mood == "deny" and sent > CONTENT // 4 else []
    place.judge.mood = "allow"
    with place.judge.lock:
        return wrong + ([] if len(place.judge.heard) < 8192 and bytes(64) not in place.judge.heard else ["the service got content"])


PROCEDURES = {"RBC-005": service_that_fails, "RBC-007": content_that_is_large}
