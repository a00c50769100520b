"""Replays docs/tutorial.md on a real fleet: every ```sh block is run, in one shell, and must print the ```text block after it.

What differs from run to run (times, sizes, counts of a random split) is compared by its shape.
"""
import os
import re
import shutil
import subprocess
import unittest

from test.support import fleet as parts
from test.support.local_fleet import LocalFleet, read

PAGE = os.path.join(parts.ROOT, "docs/tutorial.md")
EXAMPLES = os.path.join(parts.ROOT, "examples")
DEMO_PORTS = ("18081", "18082", "18083")

# What the tutorial's reader has in the first terminal.
FIRST_TERMINAL = "tools/quickstart"


def steps(page):
    """[(commands, what they print or None)]"""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", page, re.M | re.S)
    found = []
    for (language, text), following in zip(blocks, blocks[1:] + [("", "")]):
        if language == "sh":
            found.append((text, following[1] if following[0] == "text" else None))
    return found


# (what varies, what stands for it)
SHAPES = [
    (r"^ +\d+/\d+ served\n", ""),  # the progress that a terminal overwrites
    (r"^\[\d+\].*\n", ""),  # what a shell tells of its jobs
    (r"context \"up\" in \S+\)", 'context "up" in FILE)'),
    (r"127\.0\.0\.1:9\d+", "SERVER"),
    (r"(control plane( answers)? at) 127\.0\.0\.1:\d+", r"\1 SERVER"),  # any port where another fleet has 9443
    (r"\b(now|\d+ (s|ms|min) ago)\b", "WHEN"),
    (r"\b[\d.]+ (ms|s)\b", "TIME"),
    (r"\b[\d.]+ k?B\b", "SIZE"),
    (r"^ *\d+ (\{\"served_by\")", r"COUNT \1"),
    (r"->  forward to .*", "->  PICK"),
    (r"generation 1\.\d+", "generation 1.N"),
    (r"[ \t]+", " "),
    (r" $", ""),
]


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def shape(text):
    for pattern, replacement in SHAPES:
        text = re.sub(pattern, replacement, text, flags=re.M)
    return text.strip()


class Shell:
    """One bash, as a second terminal."""

    END = "== end of step =="

    def __init__(self, folder, env):
        self.process = parts.start(["bash"], cwd=folder, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True)

    def run(self, commands):
        self.process.stdin.write(f"{commands}\necho '{self.END}'\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line.startswith(self.END):
                return "".join(lines)
            lines.append(line)
        raise AssertionError("the shell ended:\n" + "".join(lines))

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()


class Tutorial(unittest.TestCase):
    maxDiff = None

    def test_every_command_prints_what_the_page_says(self):
        page = read(PAGE)
        with LocalFleet("--demo", "--replicas", 3) as up:
            self.prepare(up)
            shell = Shell(up.dir, dict(up.env, CURL_HOME=up.dir))
            self.addCleanup(shell.close)
            replayed = 0
            for commands, printed in steps(page):
                if commands.strip() == FIRST_TERMINAL:
                    continue
                actual = shell.run(self.here(up, commands))
                with self.subTest(commands):
                    self.assertNotIn("command not found", actual)
                    if printed is not None:
                        self.assertEqual(shape(actual), shape(self.here(up, printed)), actual)
                replayed += 1
            self.assertGreaterEqual(replayed, 10)
            self.assertEqual(up.interrupt(), 0, up.said())

    def prepare(self, up):
        """The checkout's files that the tutorial names, on this run's ports, and a curl without its progress bar."""
        shutil.copytree(EXAMPLES, os.path.join(up.dir, "examples"))
        for folder, _, names in os.walk(os.path.join(up.dir, "examples")):
            for name in names:
                path = os.path.join(folder, name)
                text = self.here(up, read(path))
                os.chmod(path, 0o644)
                write(path, text)
        os.symlink(parts.BIN, os.path.join(up.dir, "bazel-bin"))
        write(os.path.join(up.dir, ".curlrc"), "silent\n")

    def here(self, up, text):
        """The page's ports and folder as they are in this run."""
        text = re.sub(r"\b8080\b", str(up.port), text)
        for i, port in enumerate(DEMO_PORTS):
            text = text.replace(port, str(up.upstream_port + i))
        return text.replace("/tmp/penstock-up-XXXXXX", up.files())


if __name__ == "__main__":
    unittest.main()
