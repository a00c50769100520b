"""Who issues tokens: a whole OpenID provider, and a fake one that counts how often it is asked for its keys."""
import base64
import http.server
import json
import subprocess
import threading
import time
import urllib.parse
import urllib.request

from test.support import parties
from test.support.fleet import free_port


class Issuer:
    """test/parties/issuer.js, whose users are gina (tier gold), sam (silver), ben, bea, bo, bud (none) and ada (gold, and an admin)."""

    def __init__(self, folder, name="issuer"):
        self.port, self.keys = free_port(), f"{folder}/{name}-keys.json"
        self.log = open(f"{folder}/{name}.log", "a")
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None

    def start(self):
        self.process = parties.start_node("issuer.js", str(self.port), self.keys, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                          stderr=self.log, text=True)
        assert self.process.stdout.readline().strip() == "ready", "the issuer did not start"
        return self

    def kill(self):
        self.process.kill()
        self.process.wait()

    def rotate(self):
        """The name of the key that signs from now on."""
        self.process.stdin.write("rotate\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def token(self, user, resource="urn:shop"):
        form = urllib.parse.urlencode({"grant_type": "client_credentials", "resource": resource}).encode()
        basic = base64.b64encode(f"{user}:secret".encode()).decode()
        request = urllib.request.Request(self.url + "/token", form, {"authorization": f"Basic {basic}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)["access_token"]


class KeyServer:
    """Answers every GET with the key set that it has, and notes when it was asked. STATUS and LOCATION: what it answers instead."""

    def __init__(self, body, status=200, location=None):
        self.body, self.asked = body, []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append(time.monotonic())
                text = outer.body.encode()
                self.send_response(status)
                if location:
                    self.send_header("location", location)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
