"""The policies of the data plane: one line each. The registries, the contract test and the index of the docs are made from it."""

load("@rules_cc//cc:defs.bzl", "cc_library")

# type, folder, class of its config (with static CompileAny), class of its policy (with a constructor from that config).
POLICIES = [
    struct(type = "cors", folder = "cors", config = "CorsConfig", policy = "CorsPolicy"),
]

def _table(name, out, lines):
    native.genrule(
        name = name,
        outs = [out],
        cmd = "cat > $@ <<'END'\n%s\nEND" % "\n".join(lines),
    )

def policy_config_registry(name, deps):
    """cc_library NAME: the rows of config_registry.h."""
    _table(name + "_table", name + "_table.cc", [
        '#include "dataplane/policies/config_registry.h"',
    ] + ['#include "dataplane/policies/%s/%s_config.h"' % (p.folder, p.type) for p in POLICIES] + [
        "namespace penstock::policies {",
        "namespace {",
        "constexpr ConfigRow kRows[] = {",
    ] + ['    {"%s", &%s::CompileAny},' % (p.type, p.config) for p in POLICIES] + [
        "};",
        "}  // namespace",
        "std::span<const ConfigRow> ConfigRows() { return kRows; }",
        "}  // namespace penstock::policies",
    ])
    cc_library(
        name = name,
        srcs = ["config_registry.cc", name + "_table.cc"],
        hdrs = ["config_registry.h"],
        deps = deps + ["//dataplane/policies/%s:config" % p.folder for p in POLICIES],
    )

def policy_registry(name, deps):
    """cc_library NAME: the rows of policy_registry.h."""
    _table(name + "_table", name + "_table.cc", [
        '#include "dataplane/policies/policy_registry.h"',
    ] + ['#include "dataplane/policies/%s/%s_policy.h"' % (p.folder, p.type) for p in POLICIES] + [
        "namespace penstock::policies {",
        "namespace {",
        "template <typename P, typename Config>",
        "std::unique_ptr<const Policy> Make(const PolicyConfigPtr& config) {",
        "  return std::make_unique<P>(std::static_pointer_cast<const Config>(config));",
        "}",
        "constexpr PolicyRow kRows[] = {",
    ] + ['    {"%s", &Make<%s, %s>},' % (p.type, p.policy, p.config) for p in POLICIES] + [
        "};",
        "}  // namespace",
        "std::span<const PolicyRow> PolicyRows() { return kRows; }",
        "}  // namespace penstock::policies",
    ])
    cc_library(
        name = name,
        srcs = ["policy_registry.cc", name + "_table.cc"],
        hdrs = ["policy_registry.h"],
        deps = deps + ["//dataplane/policies/%s:run" % p.folder for p in POLICIES],
    )
