"""Who may import whom. Each room's BUILD file says package(default_visibility = visible_to("its/room"))."""

# room -> the rooms that it may import. `test`, fuzz and bench code may import everything.
_MAY_IMPORT = {
    "dataplane/base": [],
    "dataplane/io": ["dataplane/base"],
    "dataplane/telemetry": ["dataplane/base", "dataplane/io"],
    "dataplane/tls": ["dataplane/base", "dataplane/io", "dataplane/telemetry"],
    "dataplane/redis": ["dataplane/base", "dataplane/io", "dataplane/telemetry", "dataplane/tls", "dataplane/http", "dataplane/limits"],
    "dataplane/http": ["dataplane/base"],
    "dataplane/fetch": ["dataplane/base", "dataplane/io", "dataplane/telemetry", "dataplane/tls", "dataplane/http"],
    "dataplane/exchange": ["dataplane/base", "dataplane/http"],
    "dataplane/limits": ["dataplane/base"],
    "dataplane/jose": ["dataplane/base"],
    "dataplane/passwords": ["dataplane/base", "dataplane/io"],
    "dataplane/router": ["dataplane/base", "dataplane/http", "dataplane/exchange"],
    "dataplane/upstream/lb": ["dataplane/base", "dataplane/http", "dataplane/exchange"],
    # Their `config` targets are pure: //dataplane/snapshot:deps_test.
    "dataplane/policies": ["dataplane/base", "dataplane/jose", "dataplane/passwords", "dataplane/io", "dataplane/telemetry", "dataplane/tls", "dataplane/http", "dataplane/exchange", "dataplane/router", "dataplane/limits", "dataplane/redis", "dataplane/fetch"],
    "dataplane/snapshot": ["dataplane/base", "dataplane/jose", "dataplane/http", "dataplane/exchange", "dataplane/router", "dataplane/upstream/lb", "dataplane/policies"],
    "dataplane/upstream": ["dataplane/base", "dataplane/io", "dataplane/telemetry", "dataplane/tls", "dataplane/http", "dataplane/exchange", "dataplane/upstream/lb", "dataplane/snapshot"],
    "dataplane/proxy": ["dataplane/base", "dataplane/jose", "dataplane/io", "dataplane/telemetry", "dataplane/tls", "dataplane/http", "dataplane/exchange", "dataplane/router", "dataplane/upstream", "dataplane/upstream/lb", "dataplane/policies", "dataplane/snapshot"],
    "dataplane/downstream": ["dataplane/base", "dataplane/io", "dataplane/telemetry", "dataplane/tls", "dataplane/http", "dataplane/exchange", "dataplane/snapshot", "dataplane/proxy"],
    "dataplane/xds": ["dataplane/base", "dataplane/io", "dataplane/telemetry", "dataplane/snapshot", "dataplane/proxy"],
    "dataplane/admin": ["dataplane/base", "dataplane/io", "dataplane/telemetry", "dataplane/http", "dataplane/exchange", "dataplane/snapshot", "dataplane/proxy", "dataplane/upstream"],
    "dataplane/server": ["dataplane"],
    "controlplane/manifests": ["dataplane/base", "dataplane/http"],
    # Of fetch, passwords and redis what is pure: the forms of URIs, hashes and addresses.
    "controlplane/translator": ["dataplane/base", "dataplane/jose", "dataplane/passwords", "dataplane/http", "dataplane/fetch", "dataplane/redis", "dataplane/tls", "dataplane/snapshot", "controlplane/manifests"],
    "controlplane/vault": ["dataplane/base"],
    "controlplane/store": ["dataplane/base", "controlplane/manifests", "controlplane/vault"],
    "controlplane/tickets": ["dataplane/base", "dataplane/telemetry", "dataplane/tls", "controlplane/store"],
    "controlplane/rollout": ["dataplane/base", "dataplane/snapshot", "dataplane/telemetry", "controlplane/manifests", "controlplane/translator", "controlplane/store"],
    "controlplane/xds": ["dataplane/base", "dataplane/snapshot", "dataplane/telemetry", "controlplane/rollout", "controlplane/store"],
    "controlplane/management": ["dataplane/base", "dataplane/http", "dataplane/snapshot", "dataplane/tls", "dataplane/telemetry", "controlplane/manifests", "controlplane/translator", "controlplane/store", "controlplane/rollout", "controlplane/providers"],
    "controlplane/providers": ["dataplane/base", "controlplane/manifests", "controlplane/translator", "controlplane/store", "controlplane/rollout"],
    "controlplane/server": ["controlplane", "dataplane/base", "dataplane/io", "dataplane/telemetry", "dataplane/http", "dataplane/snapshot"],
    # The offline verbs (lint, compile, diff, explain) run the control plane's pure rooms in the CLI itself.
    "tools/cli": ["dataplane/base", "dataplane/exchange", "dataplane/passwords", "dataplane/snapshot", "controlplane/manifests", "controlplane/translator"],
    "tools/devtools": ["dataplane/base", "dataplane/io", "dataplane/http", "dataplane/snapshot", "controlplane/manifests", "controlplane/translator"],
    "test": ["dataplane", "controlplane", "tools"],
}

def _inside(room, parent):
    return room == parent or room.startswith(parent + "/")

def visible_to(room):
    """The visibility of ROOM: itself and every room whose row names it or a folder above it."""
    if room not in _MAY_IMPORT:
        fail("%s has no row in tools/bazel/layers.bzl" % room)
    importers = [room]
    for importer, imported in _MAY_IMPORT.items():
        for other in imported:
            if _inside(room, other) and importer not in importers:
                importers.append(importer)
    return ["//%s:__subpackages__" % importer for importer in importers]
