"""A relay before a server, which can be slow or talk nonsense.

    relay = Relay(server.port)
    relay.say("slow 1")
"""
import asyncio
import subprocess
import sys
import threading

from test.support import fleet as parts

# What no Redis answers: another protocol, another kind of reply, a length out of bounds, no protocol at all.
NONSENSE = [b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n", b":1\r\n", b"*1\r\n$3\r\nfoo\r\n",
            b"$99999999999\r\n", bytes(range(128, 192))]


class Relay:
    """A process of its own, so that its work delays nobody who measures."""

    def __init__(self, target):
        self.port = parts.free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.process = parts.start([sys.executable, "-m", "test.support.redis_relay", self.port, target],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=parts.ROOT)
        assert self.process.stdout.readline().strip() == "ready"

    def say(self, mode):
        """From now on: "pass", "slow SECONDS" (every answer comes so much later) or "nonsense" (instead of every answer)."""
        self.process.stdin.write(mode + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline().strip() == "done"

    def close(self):
        self.process.kill()
        self.process.wait()


class _Passage(asyncio.Protocol):
    """One connection through the relay: this end is the client's. All on one thread, so that none waits for another to be made."""

    mode, seconds, answers = "pass", 0.0, 0  # of all

    def __init__(self, loop, target):
        self.loop, self.target = loop, target
        self.client = self.server = None
        self.waiting = []  # for the connection to the server
        self.due = 0.0  # of the last answer

    def connection_made(self, transport):
        self.client = transport
        self.loop.create_task(self.connect())

    async def connect(self):
        try:
            self.server, _ = await self.loop.create_connection(lambda: _ServerEnd(self), "127.0.0.1", self.target)
        except OSError:
            return self.client.abort()
        if self.client.is_closing():
            return self.server.close()
        for piece in self.waiting:
            self.server.write(piece)

    def data_received(self, piece):
        if _Passage.mode == "nonsense":
            _Passage.answers += 1
            self.answer(NONSENSE[_Passage.answers % len(NONSENSE)], 0.0)
        elif self.server is None:
            self.waiting.append(piece)
        else:
            self.server.write(piece)

    def answer(self, piece, seconds):
        """PIECE, or the end if it is empty, so much later, behind all before it."""
        self.due = max(self.due + 1e-6, self.loop.time() + seconds)  # timers of one moment come in no order
        act = self.client.close if not piece else lambda: self.client.is_closing() or self.client.write(piece)
        if self.due <= self.loop.time():
            act()
        else:
            self.loop.call_at(self.due, act)

    def connection_lost(self, error):
        if self.server is not None:
            self.server.close()


class _ServerEnd(asyncio.Protocol):
    def __init__(self, passage):
        self.passage = passage

    def data_received(self, piece):
        self.passage.answer(piece, _Passage.seconds)

    def connection_lost(self, error):
        self.passage.answer(b"", 0.0)


def _listen(tell):
    """Tells each line of standard input, and "" at its end."""
    for line in sys.stdin:
        tell(line)
    tell("")


async def main(port, target):
    loop = asyncio.get_running_loop()
    await loop.create_server(lambda: _Passage(loop, int(target)), "127.0.0.1", int(port))
    print("ready", flush=True)
    told = asyncio.Queue()
    threading.Thread(target=_listen, args=(lambda line: loop.call_soon_threadsafe(told.put_nowait, line),), daemon=True).start()
    while line := await told.get():
        mode, _, seconds = line.strip().partition(" ")
        _Passage.mode, _Passage.seconds = mode, float(seconds or 0)
        print("done", flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
