"""Clients of an HTTPS gateway that write down, for each handshake and request, when it was and which certificates were in it.

    python3 -m test.support.tls_clients KIND FOLDER HOST:PORT,... RECORD

Standard input says the number of the newest change, a line each; its end ends the clients. KIND:
  fresh      a handshake for every request, with the client certificate of the window's middle
  kept       connections that stay, with a client certificate that is always good
  expired    a handshake with a certificate whose authority is trusted no more
RECORD gets a line for each request: begin end front shown outcome
"""
import http.client
import ssl
import sys
import threading
import time

from test.support.rotating_pki import COUNT, FRONT, WINDOW

THREADS = {"fresh": 4, "kept": 8, "expired": 1}
PAUSE = {"fresh": 0.07, "kept": 0.13, "expired": 0.2}  # between the requests of a thread: fifty a second of the first two
AGE = WINDOW + 3  # changes since an expired certificate's authority was in the middle


class Connection(http.client.HTTPSConnection):
    """To ADDRESS, for the host FRONT; knows the certificate that it was shown."""

    def __init__(self, address, context):
        super().__init__(FRONT, context=context, timeout=20)
        self.address = address
        self.front = "-"

    def connect(self):
        host, port = self.address.rsplit(":", 1)
        plain = http.client.HTTPConnection(host, int(port), timeout=20)
        plain.connect()
        self.sock = self._context.wrap_socket(plain.sock, server_hostname=FRONT)
        self.front = dict(pair[0] for pair in self.sock.getpeercert()["subject"])["commonName"]


class Clients:
    def __init__(self, kind, folder, targets, record):
        self.kind, self.folder, self.targets = kind, folder, targets
        self.newest, self.stopping = None, threading.Event()
        self.contexts = {}
        self.record, self.lock = open(record, "w"), threading.Lock()

    def context(self, name):
        """For the certificate NAME; its chain is verified against the root, its key by the library."""
        if name not in self.contexts:
            context = ssl.create_default_context(cafile=f"{self.folder}/root.crt")
            context.load_cert_chain(f"{self.folder}/{name}.crt", f"{self.folder}/{name}.key")
            self.contexts[name] = context
        return self.contexts[name]

    def certificate(self):
        if self.kind == "kept":
            return "steady-client"
        age = AGE if self.kind == "expired" else 0
        return f"client-{(self.newest + WINDOW // 2 - age) % COUNT}"

    def ask(self, connection):
        connection.request("GET", f"/{self.kind}")
        response = connection.getresponse()
        good = response.read() == f"/{self.kind}".encode() and response.status == 200
        return response.getheader("x-shown", "-"), "ok" if good else f"status-{response.status}"

    def note(self, begin, connection, shown, outcome):
        with self.lock:
            self.record.write(f"{begin:.6f} {time.monotonic():.6f} {connection.front} {shown} {outcome}\n")

    def run(self, index):
        connection = None
        count = index
        while not self.stopping.wait(PAUSE[self.kind]):
            count += 1
            begin = time.monotonic()
            if connection is None:
                connection = Connection(self.targets[count % len(self.targets)], self.context(self.certificate()))
            shown, outcome = "-", "ok"
            try:
                shown, outcome = self.ask(connection)
            except (OSError, http.client.HTTPException) as error:
                outcome = "refused" if isinstance(error, (ssl.SSLError, ConnectionResetError)) else type(error).__name__
                connection.close()
            self.note(begin, connection, shown, outcome)
            if self.kind != "kept" or outcome != "ok":
                connection.close()
                connection = None
        if connection is not None:
            connection.close()

    def main(self):
        self.newest = int(sys.stdin.readline())
        threads = [threading.Thread(target=self.run, args=(i,)) for i in range(THREADS[self.kind])]
        for thread in threads:
            thread.start()
        for line in sys.stdin:
            self.newest = int(line)
        self.stopping.set()
        for thread in threads:
            thread.join()
        self.record.close()


if __name__ == "__main__":
    Clients(sys.argv[1], sys.argv[2], sys.argv[3].split(","), sys.argv[4]).main()
