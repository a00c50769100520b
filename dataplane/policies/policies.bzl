"""The policies of the data plane: one line each. The registries, the slots and the contract test are made from it."""

load("@rules_cc//cc:defs.bzl", "cc_library")

# type, folder, class of its config (with static CompileAny), class of its policy (with a constructor from that config), message of
# its configuration and an example of it.
POLICIES = [
    struct(type = "address_filter", folder = "address_filter", config = "AddressFilterConfig", policy = "AddressFilterPolicy", message = "penstock.xds.v1.AddressFilter", example = "allow: '192.0.2.0/24' deny: '192.0.2.1'"),
    struct(type = "size_limit", folder = "size_limit", config = "SizeLimitConfig", policy = "SizeLimitPolicy", message = "penstock.xds.v1.SizeLimit", example = "request_body_bytes { most: 1048576 policy: 'shop/small' } header_count { most: 50 policy: 'shop/small' }"),
    struct(type = "jwt", folder = "jwt", config = "JwtConfig", policy = "JwtPolicy", message = "penstock.xds.v1.Jwt", example = "providers { name: 'auth' issuer: 'https://auth.example' inline_jwks: '{\\\"keys\\\":[{\\\"kty\\\":\\\"OKP\\\",\\\"crv\\\":\\\"Ed25519\\\",\\\"x\\\":\\\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\\\"}]}' claim_headers { claim: 'sub' header: 'x-user' } }"),
    struct(type = "basic", folder = "basic", config = "BasicConfig", policy = "BasicPolicy", message = "penstock.xds.v1.BasicAuthentication", example = "namespace: 'shop' strip_credentials: true"),
    struct(type = "api_key", folder = "api_key", config = "ApiKeyConfig", policy = "ApiKeyPolicy", message = "penstock.xds.v1.ApiKeyAuthentication", example = "strip_key: true"),
    struct(type = "client_certificate", folder = "client_certificate", config = "ClientCertificateConfig", policy = "ClientCertificatePolicy", message = "penstock.xds.v1.ClientCertificateAuthentication", example = ""),
    struct(type = "authentication", folder = "authentication", config = "AuthenticationConfig", policy = "AuthenticationPolicy", message = "penstock.xds.v1.Authentication", example = "all_of { any_of: 'apiKey' any_of: 'clientCertificate' }"),
    struct(type = "external_auth", folder = "external_auth", config = "ExternalAuthConfig", policy = "ExternalAuthPolicy", message = "penstock.xds.v1.ExternalAuth", example = "cluster: 'auth' fail_open: true"),
    struct(type = "authorization", folder = "authorization", config = "AuthorizationConfig", policy = "AuthorizationPolicy", message = "penstock.xds.v1.Authorization", example = "rules { name: 'reads' condition { methods: 'GET' } } rules { name: 'no-admin' deny: true condition { paths { prefix: '/admin' } } }"),
    struct(type = "rate_limit", folder = "rate_limit", config = "RateLimitConfig", policy = "RateLimitPolicy", message = "penstock.xds.v1.RateLimit", example = "policy: 'shop/limits' rules { name: 'few' key { client_address: true } concurrency: 100 also: true } rules { name: 'all' key { client_address: true } requests: 100 per { seconds: 60 } }"),
    struct(type = "cors", folder = "cors", config = "CorsConfig", policy = "CorsPolicy", message = "penstock.xds.v1.Cors", example = "allow_origins: '*'"),
]

def _camel(type):
    return "".join([part.capitalize() for part in type.split("_")])

def _file(out, lines):
    native.genrule(
        name = out.replace(".", "_"),
        outs = [out],
        cmd = "cat > $@ <<'END'\n%s\nEND" % "\n".join(lines),
    )

def policy_config_registry(name, deps):
    """cc_library NAME: the rows of config_registry.h."""
    _file(name + "_table.cc", [
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
    _file(name + "_table.cc", [
        '#include "dataplane/policies/policy_registry.h"',
    ] + ['#include "dataplane/policies/%s/%s_policy.h"' % (p.folder, p.type) for p in POLICIES] + [
        "namespace penstock::policies {",
        "namespace {",
        "template <typename P, typename Config>",
        "StatusOr<std::shared_ptr<const Policy>> Make(PolicyConfigPtr config, const Material& material) {",
        "  auto own = std::static_pointer_cast<const Config>(std::move(config));",
        "  if constexpr (requires { P::Make(own, material); }) {",
        "    return P::Make(std::move(own), material);",
        "  } else {",
        "    return std::shared_ptr<const Policy>(std::make_shared<P>(std::move(own)));",
        "  }",
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

def policy_slots(name):
    """cc_library NAME: slots.h, the number of each policy's slot in an Exchange."""
    _file("slots.h", [
        "#pragma once",
        "#include <cstddef>",
        "namespace penstock::policies {",
    ] + ["inline constexpr std::size_t k%sSlot = %d;" % (_camel(POLICIES[i].type), i) for i in range(len(POLICIES))] + [
        "}  // namespace penstock::policies",
    ])
    cc_library(name = name, hdrs = ["slots.h"])

def policy_examples(name, deps):
    """cc_library NAME: an example of each policy's configuration."""
    _file("examples_table.inc", ['{"%s", "%s", "%s"},' % (p.type, p.message, p.example) for p in POLICIES])
    cc_library(
        name = name,
        testonly = 1,
        srcs = ["examples.cc"],
        hdrs = ["examples.h"],
        textual_hdrs = ["examples_table.inc"],
        deps = deps,
    )
