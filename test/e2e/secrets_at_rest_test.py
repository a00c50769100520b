"""Secrets are readable nowhere but where docs/security.md says: not in the store, no output, no log, no page; and the store opens with its key
file only."""
import base64
import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import unittest

from test.support import fleet as parts
from test.support import parties
from test.support.fleet import Fleet, Upstream
from test.support.sealed_store import SealedStore, name_of

GATEWAY = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw}
spec:
  gatewayClassName: default
  listeners:
  - {name: http, protocol: HTTP, port: {port}}
  - {name: https, protocol: HTTPS, port: {tls_port}, hostname: a.test, tls: {certificateRefs: [{name: cert}]}}
"""
CERTIFICATE = """
---
apiVersion: v1
kind: Secret
metadata: {name: cert}
type: kubernetes.io/tls
dataFromFiles: {tls.crt: FOLDER/a.test.crt, tls.key: FOLDER/a.test.key}
"""


def app(name, **fields):
    """A Secret with these fields."""
    return "---\n" + json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}} | fields) + "\n"


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def forms(marker):
    """MARKER as it could be shown: plain, and as hexadecimal digits or base64, wherever it stands in what was encoded."""
    raw = marker.encode()
    shown = [raw, raw.hex().encode()]
    for shift, cut in ((0, 0), (1, 2), (2, 3)):
        text = base64.b64encode(b"\0" * shift + raw).rstrip(b"=")[cut:]
        shown.append(text[:-1])
    return shown


class Said:
    """What the product showed, by who said it."""

    def __init__(self, test):
        self.test, self.texts = test, []

    def add(self, where, text):
        self.texts.append((where, text if isinstance(text, bytes) else text.encode()))

    def add_files(self, folder, but=()):
        for path, _, names in os.walk(folder):
            for name in names:
                full = os.path.join(path, name)
                if os.path.isfile(full) and full not in but:
                    with open(full, "rb") as file:
                        self.add(full, file.read())

    def holders(self, marker):
        return [(where, text) for where, text in self.texts if any(form in text for form in forms(marker))]

    def has_nothing_of(self, markers):
        shown = []
        for marker in markers:
            for where, text in self.holders(marker):
                at = min(text.find(form) for form in forms(marker) if form in text)
                shown.append(f"{where} shows {marker}: ...{text[max(0, at - 200):at + 80]!r}")
        self.test.assertEqual(shown[:20], [], f"{len(shown)} times")


def key_marker(path):
    """A line of a PEM key."""
    with open(path) as file:
        return file.read().splitlines()[1]


class NothingIsShown(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.upstream = Upstream("web")
        cls.addClassCleanup(cls.upstream.stop)
        cls.folder = tempfile.mkdtemp(prefix="penstock-secrets-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        parties.certificate(cls.folder, "a.test")
        cls.fleet = Fleet(replicas=1).__enter__()
        cls.addClassCleanup(cls.fleet.__exit__, None, None, None)
        cls.tls_port = parts.free_port(cls.fleet.replicas[0].host)
        cls.fleet.wait_connected()

    def manifests(self, *secrets):
        return (GATEWAY.replace("{tls_port}", str(self.tls_port)) + CERTIFICATE.replace("FOLDER", self.folder) +
                parts.backend("web", self.upstream.ports) + parts.route("web", "web") + "".join(secrets))

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def run_verbs(self, said, manifests):
        """Every verb that prints, in every format."""
        path = self.file("all.yaml", manifests.replace("{port}", str(self.fleet.gateway_port)))
        verbs = [
            ["get"], ["get", "secrets"], ["get", "secret", "app"], ["get", "secrets", "-g", "1"], ["describe", "secret", "app"],
            ["describe", "gateway", "gw"], ["export"], ["export", "secrets"], ["export", "secret", "app", "-g", "1"],
            ["diff", "-f", path], ["diff", "-f", path, "--prune-all"], ["diff", "--gen", "1..2"], ["diff", "--gen", "2..1"],
            ["history"], ["history", "secret", "app"], ["status"], ["lint", "-f", path], ["wait"],
            ["explain", "request", f"http://a.test:{self.fleet.gateway_port}/"],
            ["explain", "request", f"https://a.test:{self.tls_port}/"], ["explain", "secret"], ["explain", "secret.data"],
            ["apply", "-f", path, "--dry-run"], ["rollback", "1", "--dry-run"],
            ["delete", "secret", "app", "--dry-run"], ["delete", "secret", "cert", "--dry-run"]]
        for words in verbs:
            for output in ("table", "json", "yaml"):
                done = self.fleet.cli(*words, "-o", output, check=False)
                self.assertNotIn(done.returncode, (2, 7), f"{words}: {done.stderr}")
                said.add(f"penstock {' '.join(words)} -o {output}", done.stdout + done.stderr)

    def run_mistakes(self, said, marker):
        """Manifests that are wrong where a secret stands."""
        bad_key = f"-----BEGIN PRIVATE KEY-----\n{marker}\n-----END PRIVATE KEY-----\n"
        head = "apiVersion: v1\nkind: Secret\nmetadata: {name: app}\n"
        mistakes = [
            app("app", data={"k": marker + "!"}), app("app", data={"k": [marker]}), app("app", data=[marker]), app("app", data=marker),
            app("app", stringData={"k": [marker]}), app("app", stringData={"k": {"a": marker}}), app("app", stringData=marker),
            app("app", stringData={"k": marker}, data={"k": marker[:3]}), app("app", stringDatas={"k": marker}),
            app("app", stringData={"k": marker}, dataFromFiles={"k": "/none"}), app("app", stringData={"k": marker}, type=3),
            app("app", stringData={"k": marker}, immutable=marker), app("a b", stringData={"k": marker}),
            app("app", stringData={"k": marker * 60000}), app("app", stringData={"k": "REDACTED", "l": marker}),
            head + f"stringData: {{k: \"{marker}\n", head + f"stringData:\n  k: {marker}\n k: {marker}\n", head + f"stringData:\n\tk: {marker}\n",
            head + f"stringData: {{k: {marker}, k: {marker}}}\n", head + f"stringData: {{k: !!binary {marker}}}\n",
            head + f"stringData: {{k: &a {marker}, l: *b}}\n", head + f"data:\n  k: |\n    {marker}\n",
            head + f"stringData:\n  k: |\n{marker}\n", head + f"stringData:\n  k: |\n  -----BEGIN\n{marker}\n{marker}: x\n- {marker}\n",
            head + f"stringData: {marker}\n  k: {marker}\n", head + f"stringData:\n  k: @{marker}\n", head + f"stringData:\n  k: '{marker}\n",
            head.replace("Secret", "Secrett") + f"stringData: {{k: {marker}}}\n", head.replace("v1", "v2") + f"stringData: {{k: {marker}}}\n",
            app("cert", type="kubernetes.io/tls", stringData={"tls.crt": marker, "tls.key": marker}),
            app("cert", type="kubernetes.io/tls", stringData={"tls.crt": bad_key, "tls.key": bad_key}),
        ]
        for n, text in enumerate(mistakes):
            for words in (["apply"], ["apply", "-o", "json"], ["diff"], ["lint"], ["lint", "-o", "json"]):
                done = self.fleet.cli(*words, "-f", "-", check=False, stdin=text)
                self.assertNotEqual(done.returncode, 7, done.stderr)
                said.add(f"mistake {n}, penstock {' '.join(words)}: {text[:200]}", done.stdout + done.stderr)

    def read_pages(self, said):
        replica = self.fleet.replicas[0]
        question = json.dumps({"scheme": "https", "serverName": "a.test", "host": "a.test", "port": self.tls_port})
        for path, words in (("/config", []), ("/stats", []), ("/metrics", []), ("/ready", []), ("/explain", ["-d", question]), ("/none", [])):
            command = ["curl", "-s", "--unix-socket", f"{replica.dir}/admin.sock", f"http://admin{path}", *words]
            done = subprocess.run(command, capture_output=True, check=True)
            self.assertTrue(done.stdout, path)
            said.add(f"page {path}", done.stdout)
        for path in ("/metrics", "/ready", "/live"):
            said.add(f"control plane's {path}", parts.http_get("127.0.0.1", self.fleet.metrics_port, path)[2])

    def test_no_value_of_a_secret_is_shown_or_stored_in_plain(self):
        said = Said(self)
        names = ("text", "data", "file", "note", "next", "gone", "mistake")
        markers = {name: f"Mark-{name}-{os.urandom(6).hex()}" for name in names}
        key = key_marker(os.path.join(self.folder, "a.test.key"))
        from_file = self.file("value", markers["file"])
        note = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps({"data": {"k": encoded(markers["note"])}})}
        first = self.manifests(app("app", stringData={"text": markers["text"]}, data={"data": encoded(markers["data"])},
                                   dataFromFiles={"file": from_file}, metadata={"name": "app", "annotations": note}),
                               app("gone", stringData={"k": markers["gone"]}))
        second = self.manifests(app("app", stringData={"text": markers["next"]}, metadata={"name": "app", "annotations": {}}))
        for text in (first, second):
            for output in ("table", "json"):
                done = self.fleet.apply(text, "-o", output)
                said.add("apply", done.stdout + done.stderr)
        self.run_verbs(said, first)
        said.add("delete", self.fleet.cli("delete", "secret", "gone").stdout)
        said.add("rollback", self.fleet.cli("rollback", "1").stdout)
        self.run_mistakes(said, markers["mistake"])
        self.run_verbs(said, second)
        self.read_pages(said)

        for process in (self.fleet.control_plane, self.fleet.replicas[0].process):
            with open(f"/proc/{process.pid}/limits") as limits:
                self.assertRegex(limits.read(), r"Max core file size +1 +1 ")

        # Running, and after a restart, which writes the journal into the file.
        for _ in range(2):
            replica = self.fleet.replicas[0]
            kept = [os.path.join(path, name) for path, _, names in os.walk(replica.dir) for name in names if name.startswith("last-known-good")]
            said.add_files(self.fleet.dir, but=kept)
            said.has_nothing_of([*markers.values(), key])
            self.fleet.kill_control_plane()
            self.fleet.start_control_plane()
            self.fleet.wait_connected()

        # What was looked for can be found: data planes keep what they serve, for themselves.
        with_key = Said(self)
        for path in kept:
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o600, path)
            with_key.add_files(os.path.dirname(path), but=[p for p in [os.path.join(replica.dir, n) for n in os.listdir(replica.dir)] if p not in kept])
        self.assertTrue(with_key.holders(key), kept)
        stored = b"".join(value for _, _, value in SealedStore(os.path.join(self.fleet.dir, "store")).secrets())
        for name in ("text", "data", "file", "next", "gone"):
            self.assertIn(markers[name].encode(), stored)
        self.assertNotIn(encoded(markers["note"]).encode(), stored)

    def test_what_compile_writes_is_for_its_owner(self):
        out = os.path.join(self.folder, "shop.generation")
        before = os.umask(0)
        try:
            self.fleet.cli("compile", "-f", self.file("c.yaml", self.manifests().replace("{port}", "8080")), "--out", out)
        finally:
            os.umask(before)
        self.assertEqual(os.stat(out).st_mode & 0o777, 0o600)


class StoreWithKey(unittest.TestCase):
    """A control plane without data planes and its store."""

    def setUp(self):
        self.fleet = Fleet(replicas=0)
        self.addCleanup(self.fleet.__exit__, None, None, None)
        self.state = os.path.join(self.fleet.dir, "store")
        self.usual = os.path.join(self.state, "store.key")

    def start(self, *flags):
        self.fleet.control_plane_flags = list(flags)
        self.fleet.start_control_plane()

    def stop(self):
        self.fleet.control_plane.terminate()
        self.assertEqual(self.fleet.control_plane.wait(20), 0)

    def refused(self, *flags):
        """Why it does not start."""
        command = self.fleet.control_plane_command() + list(flags)
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1, done.stderr)
        (line,) = [line for line in done.stderr.splitlines() if line.startswith("penstock-controlplane: ")]
        return line

    def new_key_file(self, name):
        path = os.path.join(self.fleet.dir, name)
        subprocess.run(["sh", "-c", f"umask 077; openssl rand -base64 32 > {path}"], check=True)
        return path

    def key_id(self, path):
        with open(path) as file:
            first = next(line for line in file if line[0] != "#")
        digest = subprocess.run(["sha256sum"], input=base64.b64decode(first), capture_output=True, check=True).stdout
        return digest.decode()[:16]

    def apply_secret(self, value, *flags):
        self.fleet.apply(app("app", stringData={"k": value}), "--wait=none", *flags)

    def stored(self, key_file=None):
        return {(name, generation): value for name, generation, value in SealedStore(self.state, key_file).secrets()}

    def test_a_store_makes_its_key_file_once_and_starts_with_it_only(self):
        self.start()
        self.assertEqual(os.stat(self.usual).st_mode & 0o777, 0o600)
        self.assertIn(f"key_file={self.usual}", self.fleet.control_plane_log())
        self.assertIn("made a key file", self.fleet.control_plane_log())
        self.apply_secret("one")
        self.stop()
        identity = self.key_id(self.usual)
        self.start()
        self.assertEqual(self.fleet.control_plane_log().count("made a key file"), 1)
        self.apply_secret("two")
        self.stop()

        os.rename(self.usual, self.usual + ".away")
        said = self.refused()
        for part in (f"sealed with key {identity}", f"there is no key file {self.usual}: restore it"):
            self.assertIn(part, said)
        self.assertFalse(os.path.exists(self.usual), "a new key would open nothing")
        os.rename(self.new_key_file("other.key"), self.usual)
        said = self.refused()
        self.assertIn(f"values are sealed with key {identity}, which is not in {self.usual}: start with the key file that was used, or restore it", said)
        os.rename(self.usual + ".away", self.usual)
        os.chmod(self.usual, 0o640)
        said = self.refused()
        command = f"chmod 600 {self.usual}"
        self.assertTrue(said.endswith(f"others may read the key file {self.usual}; run: {command}"), said)
        subprocess.run(command.split(), check=True)
        self.start()
        self.assertEqual(json.loads(self.fleet.cli("get", "secret", "app", "-o", "json").stdout)["metadata"]["name"], "app")
        self.fleet.cli("rollback", "1", "--wait=none")
        self.stop()
        self.assertEqual([b"one" in self.stored()["app", generation] for generation in (1, 2, 3)], [True, False, True])

    def test_a_copy_of_the_database_alone_opens_nowhere(self):
        self.start()
        self.apply_secret("one")
        self.stop()
        copy = os.path.join(self.fleet.dir, "copy")
        os.mkdir(copy, 0o700)
        shutil.copy(os.path.join(self.state, "store.db"), copy)
        self.assertIn("restore it", self.refused(f"--state-dir={copy}"))
        shutil.copy(self.usual, copy)
        self.start(f"--state-dir={copy}")
        self.stop()

    def test_a_named_key_file_is_never_made_and_is_rotated_by_a_line_on_top(self):
        path = os.path.join(self.fleet.dir, "the.key")
        said = self.refused(f"--store-key-file={path}")
        self.assertIn(f"there is no key file {path}", said)
        command = said[said.index("(umask"):said.index(", or mend")]
        subprocess.run(["sh", "-c", command], check=True)
        self.start(f"--store-key-file={path}")
        self.assertFalse(os.path.exists(self.usual))
        self.apply_secret("one")
        self.apply_secret("two")
        self.stop()

        first = self.key_id(path)
        with open(self.new_key_file("new.key")) as file:
            new = file.read()
        with open(path) as file:
            old = file.read()
        self.write_keys(path, "# since today\n", new)
        self.assertIn(f"sealed with key {first}, which is not in {path}", self.refused(f"--store-key-file={path}"))
        self.write_keys(path, "# since today\n", new, "# until today\n", old)
        self.start(f"--store-key-file={path}")
        self.assertIn("sealed the store anew", self.fleet.control_plane_log())
        self.apply_secret("three")
        self.stop()
        self.write_keys(path, new)
        self.assertEqual(len(self.stored(path)), 3, "all open with the new key alone")
        with open(os.path.join(self.state, "store.db"), "rb") as file:
            self.assertNotIn(bytes.fromhex(first), file.read(), "nothing is left that the old key opens")
        self.start(f"--store-key-file={path}")
        self.stop()

    @staticmethod
    def write_keys(path, *lines):
        with open(path, "w") as file:
            file.write("".join(lines))

    def test_moving_to_a_named_key_file_is_told_where_the_key_is(self):
        self.start()
        self.stop()
        new = self.new_key_file("new.key")
        said = self.refused(f"--store-key-file={new}")
        self.assertIn(f"{self.usual} has it: put its line below the first one of {new}", said)
        with open(new, "a") as to, open(self.usual) as source:
            to.write(source.read())
        self.start(f"--store-key-file={new}")
        self.stop()
        os.remove(self.usual)
        self.start(f"--store-key-file={new}")

    def test_without_its_key_a_fleet_starts_anew_from_its_manifests(self):
        with Fleet(replicas=1) as fleet:
            fleet.wait_connected()
            manifests = parts.gateway() + app("app", stringData={"k": "one"})
            fleet.apply(manifests)
            fleet.apply(parts.backend("b", [1]))
            fleet.kill_control_plane()
            store = os.path.join(fleet.dir, "store")
            for name in os.listdir(store):
                if name.startswith("store.db") or name == "store.key":
                    os.remove(os.path.join(store, name))
            fleet.control_plane_flags = ["--new-epoch"]
            fleet.start_control_plane()
            fleet.control_plane_flags = []
            fleet.wait_connected()
            fleet.apply(manifests)
            self.assertIn("served 1/1", fleet.cli("history").stdout)

    def make_plain(self):
        """As a build before made the store: Secrets, keys and digests in plain, and a free page with the rest of a Secret."""
        store = SealedStore(self.state)
        with contextlib.closing(sqlite3.connect(store.path)) as database:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA secure_delete=OFF")
            secrets = store.query("SELECT grp, kind, ns, name, generation, bytes FROM versions WHERE kind = 'Secret' AND bytes IS NOT NULL")
            for *row, sealed in secrets:
                database.execute("UPDATE versions SET bytes = ? WHERE grp = ? AND kind = ? AND ns = ? AND name = ? AND generation = ?",
                                 (store.open(sealed, name_of("versions", *row)), *row))
            database.execute("UPDATE rollout SET value = ? WHERE name = 'ticket-keys'", (store.ticket_keys(),))
            digests = database.execute("SELECT number, digests FROM generations").fetchall()
            database.execute("ALTER TABLE generations ADD COLUMN hash INTEGER NOT NULL DEFAULT 0")
            database.execute("ALTER TABLE generations ADD COLUMN request_digest INTEGER NOT NULL DEFAULT 0")
            for number, sealed in digests:
                plain = store.open(sealed, name_of("generations", number))
                database.execute("UPDATE generations SET hash = ?, request_digest = ? WHERE number = ?",
                                 (int.from_bytes(plain[:8], "little", signed=True), int.from_bytes(plain[8:], "little", signed=True), number))
            database.execute("ALTER TABLE generations DROP COLUMN digests")
            database.execute("PRAGMA user_version = 1")
            database.commit()
            database.execute("CREATE TABLE gone(bytes BLOB)")
            database.execute("INSERT INTO gone VALUES (?)", (b"Mark-free-page" * 1000,))
            database.commit()
            database.execute("DROP TABLE gone")
            database.commit()
        os.remove(self.usual)

    def everything(self):
        said = Said(self)
        said.add_files(self.state)
        return said

    def test_a_store_of_a_build_before_is_sealed_at_the_start(self):
        self.start()
        self.apply_secret("Mark-plain-one")
        self.apply_secret("Mark-plain-two")
        self.fleet.apply(app("other", stringData={"k": "Mark-plain-other"}), "--wait=none")
        history = self.fleet.cli("history", "-o", "json").stdout
        self.stop()
        before, keys = self.stored(), SealedStore(self.state).ticket_keys()
        self.make_plain()
        for marker in ("Mark-plain-one", "Mark-plain-two", "Mark-plain-other", "Mark-free-page"):
            self.assertTrue(self.everything().holders(marker), f"{marker} can be found")

        self.start()
        self.assertIn("sealed the Secrets that stood in plain", self.fleet.control_plane_log())
        self.assertIn("secrets=3", self.fleet.control_plane_log())
        self.everything().has_nothing_of(["Mark-plain-one", "Mark-plain-two", "Mark-plain-other", "Mark-free-page"])
        self.assertEqual(self.fleet.cli("history", "-o", "json").stdout, history)
        self.stop()
        self.assertEqual(self.stored(), before)
        self.assertEqual(SealedStore(self.state).ticket_keys(), keys)
        self.start()
        self.assertEqual(self.fleet.control_plane_log().count("sealed the Secrets that stood in plain"), 1)


if __name__ == "__main__":
    unittest.main()
