"""End-to-end tests: Python scripts that start the real binaries."""

def penstock_e2e(name, size = "large", data = [], **kwargs):
    """Runs NAME.py (unittest) with the product's binaries and the test parties in its runfiles."""
    native.sh_test(
        name = name,
        srcs = ["//test/support:run_e2e.sh"],
        size = size,
        args = ["$(location %s.py)" % name],
        data = data + [
            name + ".py",
            "//controlplane/server:penstock-controlplane",
            "//dataplane/server:penstock-dataplane",
            "//test:python",
            "//test/support:load",
            "//test/support:python",
            "//test/support:upstream",
            "//tools/cli:penstock",
        ],
        tags = ["e2e", "exclusive"],
        **kwargs
    )
