"""`penstock up` and `penstock proxy` as a newcomer meets them: what they start, say, survive and leave behind."""
import os
import signal
import socket
import unittest

from test.support.fleet import Upstream, answers, free_port, http_get, wait_until
from test.support.local_fleet import LocalFleet

EXIT_USAGE = 2


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Up(unittest.TestCase):
    def test_ctrl_c_ends_all_processes_and_leaves_only_the_demo_folder(self):
        with LocalFleet("--demo", "--replicas", 2) as up:
            for host in ("127.0.0.1", "127.0.0.2"):
                self.assertEqual(http_get(host, up.port, "/users/1")[2], b'{"id":1,"name":"Ada"}\n')
            self.assertEqual(up.cli("status").returncode, 0)
            pids = [up.pid(name) for name in ("controlplane", "replica-1", "replica-2", "demo-upstream")]
            files = up.files()
            for log in ("access.log", "audit.log"):
                self.assertTrue(os.path.exists(os.path.join(files, "replica-1", log)), log)
            self.assertEqual(up.interrupt(), 0, up.said())
            self.assertEqual([pid for pid in pids if is_alive(pid)], [])
            self.assertFalse(os.path.exists(files))
            self.assertEqual(os.listdir(up.tmp), [])
            self.assertIn("penstock-demo", os.listdir(up.dir))
            gone = up.cli("status")
            self.assertNotEqual(gone.returncode, 0)
            self.assertIn("penstock up", gone.stderr)

    def test_a_replica_that_dies_is_told_with_the_way_back(self):
        with LocalFleet("--demo", "--replicas", 2) as up:
            pid = up.pid("replica-2")
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda: "start it again" in up.said(), up.said)
            said = up.said()
            self.assertIn(f"replica-2 (pid {pid}) died: killed by signal 9", said)
            self.assertIn(f"start it again:  {up.files()}/run/replica-2 &", said)
            self.assertEqual(http_get("127.0.0.1", up.port, "/users/1")[0], 200)
            os.kill(up.pid("controlplane"), signal.SIGKILL)
            wait_until(lambda: "the replicas go on serving what they have" in up.said(), up.said)
            self.assertEqual(http_get("127.0.0.1", up.port, "/users/1")[0], 200)
            self.assertEqual(up.cli("status").returncode, 7)
            self.assertEqual(up.interrupt(), 0)

    def test_a_port_that_is_taken_is_named_with_the_flag_that_helps(self):
        with socket.socket() as holder:
            holder.bind(("127.0.0.1", 0))
            holder.listen()
            taken = holder.getsockname()[1]
            for flag, other in (("--port", "--upstream-port"), ("--upstream-port", "--port")):
                with self.subTest(flag):
                    up = LocalFleet("--demo")
                    up.command = up.command[:3] + [flag, taken, other, up.upstream_port if other == "--upstream-port" else up.port]
                    self.assertEqual(up.start().process.wait(30), EXIT_USAGE, up.said())
                    self.assertIn(f"port {taken} of the demo", up.said())
                    self.assertIn(f"take {'another one' if flag == '--port' else 'other ports'}:  {flag} PORT", up.said())
                    self.assertEqual(os.listdir(up.tmp), [])
                    up.__exit__()

    def test_other_ports_than_those_of_the_demo_folder_are_refused(self):
        with LocalFleet("--demo") as up:
            self.assertEqual(up.interrupt(), 0)
            up.command = up.command[:3] + ["--port", free_port()]
            self.assertEqual(up.start().process.wait(30), EXIT_USAGE, up.said())
            self.assertIn("./penstock-demo is there already, with other ports", up.said())


class Proxy(unittest.TestCase):
    def test_serves_until_ctrl_c_and_leaves_nothing(self):
        upstream, port = Upstream("one"), free_port()
        with LocalFleet("--from", f":{port}", "--to", f"127.0.0.1:{upstream.ports[0]}", verb="proxy") as proxy:
            self.assertTrue(answers("127.0.0.1", port, "/anything"))
            self.assertEqual(proxy.interrupt(), 0, proxy.said())
            self.assertEqual(os.listdir(proxy.tmp), [])
            self.assertFalse(answers("127.0.0.1", port, "/anything"))
        upstream.stop()

    def test_a_port_that_is_taken_is_named(self):
        with socket.socket() as holder:
            holder.bind(("127.0.0.1", 0))
            holder.listen()
            taken = holder.getsockname()[1]
            proxy = LocalFleet("--from", f":{taken}", "--to", "127.0.0.1:9", verb="proxy")
            self.assertEqual(proxy.start().process.wait(30), EXIT_USAGE, proxy.said())
            self.assertIn(f"cannot listen on 127.0.0.1:{taken}", proxy.said())
            self.assertIn("--from :PORT", proxy.said())
            proxy.__exit__()


if __name__ == "__main__":
    unittest.main()
