"""cc_grpc_library: gRPC stubs of a proto_library, made by the system's protoc and grpc_cpp_plugin."""

def _impl(ctx):
    info = ctx.attr.proto[ProtoInfo]
    outs = []
    names = []
    pkg = ctx.label.package
    for src in info.direct_sources:
        stem = src.short_path[:-len(".proto")]
        rel = stem[len(pkg) + 1:] if pkg else stem
        outs += [ctx.actions.declare_file(rel + ".grpc.pb.h"), ctx.actions.declare_file(rel + ".grpc.pb.cc")]
        names.append(src.short_path)
    args = ctx.actions.args()
    args.add("--plugin=protoc-gen-grpc=" + ctx.executable._plugin.path)
    args.add("--grpc_out=" + ctx.bin_dir.path)
    for path in info.transitive_proto_path.to_list():
        args.add("-I" + path)
    args.add("-I.")
    args.add_all(names)
    ctx.actions.run(
        executable = ctx.executable._protoc,
        arguments = [args],
        tools = [ctx.executable._plugin],
        inputs = info.transitive_sources,
        outputs = outs,
        mnemonic = "GrpcCpp",
    )
    return [
        DefaultInfo(files = depset(outs)),
        OutputGroupInfo(
            hdrs = depset([f for f in outs if f.path.endswith(".h")]),
            srcs = depset([f for f in outs if f.path.endswith(".cc")]),
        ),
    ]

_grpc_gen = rule(implementation = _impl, attrs = {
    "proto": attr.label(providers = [ProtoInfo], mandatory = True),
    "_protoc": attr.label(default = "@system//:bin/protoc", executable = True, cfg = "exec", allow_single_file = True),
    "_plugin": attr.label(default = "@system//:bin/grpc_cpp_plugin", executable = True, cfg = "exec", allow_single_file = True),
})

def cc_grpc_library(name, proto, deps, **kwargs):
    """Declares NAME, a cc_library with the gRPC stubs of PROTO; DEPS is the matching cc_proto_library."""
    _grpc_gen(name = name + "_gen", proto = proto)
    native.filegroup(name = name + "_hdrs", srcs = [name + "_gen"], output_group = "hdrs")
    native.filegroup(name = name + "_srcs", srcs = [name + "_gen"], output_group = "srcs")
    native.cc_library(
        name = name,
        srcs = [name + "_srcs"],
        hdrs = [name + "_hdrs"],
        copts = ["-w"],
        deps = deps + ["@system//:grpc"],
        **kwargs
    )
