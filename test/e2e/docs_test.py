"""Every YAML example of the docs is accepted as it stands: offline by lint, and live by a fleet."""
import glob
import os
import re
import unittest

from test.support import fleet as parts
from test.support.fleet import Fleet


def examples(folder):
    """{page: the manifests of its ```yaml blocks}"""
    found = {}
    for page in sorted(glob.glob(os.path.join(folder, "*.md"))):
        blocks = re.findall(r"^```yaml\n(.*?)^```", open(page).read(), re.M | re.S)
        blocks = [block for block in blocks if "apiVersion:" in block]
        if blocks:
            found[page] = "\n---\n".join(blocks)
    return found


class Docs(unittest.TestCase):
    def test_every_example_is_accepted(self):
        found = examples(os.path.join(parts.ROOT, "docs"))
        self.assertGreaterEqual(len(found), 2)
        with Fleet(replicas=1) as fleet:
            fleet.wait_connected()
            for page, text in found.items():
                with self.subTest(os.path.basename(page)):
                    # Ports of the examples may be taken here: each becomes a free one.
                    text = re.sub(r"(protocol: HTTP, port: )\d+", lambda m: m.group(1) + str(fleet.gateway_port), text)
                    linted = fleet.cli("lint", "-f", "-", check=False, stdin=text)
                    self.assertEqual(linted.returncode, 0, linted.stdout + linted.stderr)
                    fleet.apply(text, "--prune-all")


if __name__ == "__main__":
    unittest.main()
