"""Macros for tests, fuzz targets and benchmarks."""

def penstock_test(name, srcs, deps = [], data = [], size = "small", **kwargs):
    """A GoogleTest suite."""
    native.cc_test(
        name = name,
        srcs = srcs,
        size = size,
        data = data + ["//tools/bazel:tsan.supp"],
        deps = deps + ["@system//:gtest_main"],
        **kwargs
    )

def penstock_fuzz(name, srcs, deps = [], corpus = [], **kwargs):
    """A libFuzzer target. As a test it replays its corpus (folder NAME_corpus beside it); with --config=fuzz it fuzzes.

    tools/fuzz takes words to try from NAME.dict beside it, if there is one.
    """
    native.cc_test(
        name = name,
        srcs = srcs,
        size = "small",
        args = ["$(locations %s)" % c for c in corpus],
        data = corpus + ["//tools/bazel:tsan.supp"],
        tags = ["fuzz"],
        linkopts = select({
            "//tools/bazel:fuzzing": ["-fsanitize=fuzzer"],
            "//conditions:default": [],
        }),
        deps = deps + select({
            "//tools/bazel:fuzzing": [],
            "//conditions:default": ["//tools/bazel:replay_main"],
        }),
        **kwargs
    )

def penstock_benchmark(name, srcs, deps = [], **kwargs):
    """A Google Benchmark binary; prints figures, asserts nothing about time."""
    native.cc_binary(
        name = name,
        srcs = srcs,
        testonly = 1,
        tags = ["benchmark"],
        deps = deps + ["@system//:benchmark"],
        **kwargs
    )
