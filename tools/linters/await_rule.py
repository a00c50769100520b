"""One await per statement, its result named: co_await stands alone or initialises, assigns or is passed to a status macro.

Allowed forms (one statement each):
  co_await x;                      T name = co_await x;            name = co_await x;
  ASSIGN_OR_RETURN(T name, co_await x);   RETURN_IF_ERROR(co_await x);   CO_... variants of the macros
Everything else (conditions, ?:, &&, ||, arguments, braces, return) is a finding. Usage: await_rule.py FILE ...
"""
import re
import sys

_ALLOWED = re.compile(
    r"""^\s*(?:
        co_await\b[^;]*;                                         # alone
      | [\w:<>,&*\s\[\]]+?\s=\s*co_await\b[^;]*;                   # declaration or assignment
      | [\w.\->\[\]()]+\s=\s*co_await\b[^;]*;
      | (?:CO_)?(?:ASSIGN_OR_RETURN|RETURN_IF_ERROR|ASSIGN_OR_CO_RETURN)\([^;]*?co_await\b[^;]*;
      | \(void\)\s*co_await\b[^;]*;
    )""",
    re.X | re.S,
)


# What may stand before the statement proper: directives, labels, and headers of control statements without an await.
_PREFIX = re.compile(
    r"""^(?:\s+ | \#[^\n]*\n | (?:public|private|protected|default|case\s[\w:]+)\s*: | else\b
        | (?:if|for|while)\s*(?:constexpr\s*)?\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\s*(?=[\w*(]) )*""",
    re.X,
)


def strip(text):
    """Comments and literals become blanks of the same length."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
    text = pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)), text)
    return text.replace("operator co_await", "operator         ")  # a declaration, not an await


def statements(text):
    """(offset, statement) for each piece between ; { } at the top of parentheses."""
    start, depth = 0, 0
    for i, c in enumerate(text):
        if c == "(":
            depth += 1
        elif c == ")":
            depth -= 1
        elif depth <= 0 and c in "{};":
            yield start, text[start : i + 1]
            start = i + 1
            depth = 0


def outside_parentheses(text):
    while (shorter := re.sub(r"\([^()]*\)", "", text)) != text:
        text = shorter
    return text


def findings(path):
    text = strip(open(path, encoding="utf-8").read())
    if "co_await" not in text:
        return
    for offset, statement in statements(text):
        if "co_await" not in statement:
            continue
        body = re.sub(_PREFIX, "", statement)
        flat = outside_parentheses(body)
        joined = re.search(r"\?|\|\||&&\s*(?!\w+\s*=)", flat)
        if statement.count("co_await") == 1 and _ALLOWED.match(body) and not joined:
            continue
        at = offset + statement.index("co_await")
        yield text.count("\n", 0, at) + 1, " ".join(statement.split())[:110]


def main(paths):
    bad = 0
    for path in paths:
        for line, statement in findings(path):
            print(f"{path}:{line}: one co_await per statement, its result named: {statement}")
            bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
