"""A well-behaved client of HTTP/2 in a process of its own, beside whatever a show does to the server."""
import multiprocessing
import time

from test.support.http2_wire import Client, headers, window_update


def _run(address, block, most, stop, results):
    client, times, stream = Client(address), [], 1
    client.send(window_update(0, 1 << 30))  # it takes whatever comes
    while len(times) < most and not stop.is_set():
        began = time.perf_counter()
        client.send(headers(stream, block))
        client.until(lambda: client.done(stream))
        if client.status(stream) != 200:
            break
        times.append((time.perf_counter() - began) * 1000)
        stream += 2
        time.sleep(0.002)
    results.put(times)


class Canary:
    """Asks one request after the other on one connection, MOST of them at most."""

    def __init__(self, address, block, most=1 << 30):
        self._stop, self._results = multiprocessing.Event(), multiprocessing.Queue()
        self._child = multiprocessing.Process(target=_run, args=(address, block, most, self._stop, self._results), daemon=True)
        self._child.start()

    def runs(self):
        return self._child.is_alive() and self._results.empty()

    def times(self):
        """Milliseconds of each request that was answered, once all were asked."""
        return self._results.get(timeout=60)

    def stop(self):
        """The same, now."""
        self._stop.set()
        return self.times()
