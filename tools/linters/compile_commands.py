"""Prints compile_commands.json for clang-tidy, from Bazel's own action graph."""
import json
import os
import subprocess

query = ["bazel", "aquery", "mnemonic(CppCompile, //...)", "--output=jsonproto", "--include_artifacts=false"]
graph = json.loads(subprocess.run(query, check=True, capture_output=True, text=True).stdout)
here = os.getcwd()
commands = {}
for action in graph["actions"]:
    words = action["arguments"]
    source = words[words.index("-c") + 1]
    if os.path.exists(os.path.join(here, source)):
        commands[source] = {"directory": here, "file": os.path.join(here, source), "arguments": words}
print(json.dumps(list(commands.values()), indent=1))
