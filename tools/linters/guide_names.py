"""Every file and function that a guide names exists. Usage: guide_names.py GUIDE.md ...

A guide names a file as `dataplane/proxy/answer.cc` (or a folder `dataplane/proxy/`) and a function as `Answer()`, both in
backticks; a function must be defined or declared in the file last named before it.
"""
import os
import re
import sys


def check(guide):
    bad = 0
    current = None
    if not os.path.exists(guide):
        print(f"{guide}: missing")
        return 1
    names = 0
    for number, line in enumerate(open(guide, encoding="utf-8"), 1):
        for token in re.findall(r"`([^`\n]+)`", line):
            if re.fullmatch(r"[\w.\-]+(?:/[\w.\-]+)+/?", token):
                names += 1
                if not os.path.exists(token):
                    print(f"{guide}:{number}: no such file: {token}")
                    bad = 1
                elif os.path.isfile(token):
                    current = token
                else:
                    current = None
            elif m := re.fullmatch(r"(?:\w+::)*(~?\w+)\(\)", token):
                names += 1
                if current is None:
                    print(f"{guide}:{number}: {token} follows no file name")
                    bad = 1
                elif not re.search(r"\b%s\s*[(<]" % re.escape(m.group(1)), open(current, encoding="utf-8").read()):
                    print(f"{guide}:{number}: {token} is not in {current}")
                    bad = 1
    print(f"{guide}: {names} names checked")
    if names == 0:
        bad = 1
    return bad


if __name__ == "__main__":
    sys.exit(max([check(g) for g in sys.argv[1:]], default=0))
