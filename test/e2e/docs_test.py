"""Every YAML example of the docs, and every folder of examples/, is accepted as it stands: offline by lint, and live by a fleet.

The Secrets and ConfigMaps with certificates that pages name are those of api/manifests/v1/examples.
"""
import collections
import glob
import os
import re
import unittest

from test.support import fleet as parts
from test.support.fleet import Fleet


def blocks(page):
    """The manifests of a page's blocks."""
    found = re.findall(r"^```yaml\n(.*?)^```", open(page).read(), re.M | re.S)
    return [block for block in found if "apiVersion:" in block]


def examples(folder):
    """{page: the manifests of its blocks}"""
    pages = {page: blocks(page) for page in sorted(glob.glob(os.path.join(folder, "*.md")))}
    return {page: "\n---\n".join(found) for page, found in pages.items() if found}


def folders():
    """{folders of examples/ that are applied together: their manifests}"""
    together = [("shop",), ("shop", "shop-secure")]
    paths = lambda names: (path for name in names for path in sorted(glob.glob(os.path.join(parts.ROOT, "examples", name, "*.yaml"))))
    return {" ".join(names): "\n---\n".join(open(path).read() for path in paths(names)) for names in together}


def certificates():
    folder = os.path.join(parts.ROOT, "api/manifests/v1/examples")
    return "".join("\n---\n" + open(os.path.join(folder, name)).read() for name in ("secret.yaml", "configmap.yaml"))


def on_free_places(text, folder):
    """Ports and sockets of the examples' listeners may be taken here: each becomes a free one. Listeners that share one still do."""
    text = text.replace("type: penstock.dev/UnixSocket, value: /run", f"type: penstock.dev/UnixSocket, value: {folder}")
    ports = collections.defaultdict(parts.free_port)
    return re.sub(r"(protocol: \w+(?:, |\n +)port: )(\d+)", lambda m: m.group(1) + str(ports[m.group(2)]), text)


class Docs(unittest.TestCase):
    def test_every_example_is_accepted(self):
        found = examples(os.path.join(parts.ROOT, "docs")) | folders()
        self.assertGreaterEqual(len(found), 4)
        with Fleet(replicas=1) as fleet:
            fleet.wait_connected()
            for page, text in found.items():
                with self.subTest(os.path.basename(page)):
                    text = on_free_places(text, fleet.dir) + certificates()
                    linted = fleet.cli("lint", "-f", "-", check=False, stdin=text)
                    self.assertEqual(linted.returncode, 0, linted.stdout + linted.stderr)
                    fleet.apply(text, "--prune-all")


if __name__ == "__main__":
    unittest.main()
