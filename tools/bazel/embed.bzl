"""embed_descriptors: the descriptors of protos with their source comments, as a string in a C++ library."""

def _impl(ctx):
    infos = [dep[ProtoInfo] for dep in ctx.attr.protos]
    sources = depset(transitive = [info.transitive_sources for info in infos])
    descriptors = ctx.actions.declare_file(ctx.label.name + ".binpb")
    args = ctx.actions.args()
    args.add("--include_source_info")
    args.add("--include_imports")
    args.add(descriptors, format = "--descriptor_set_out=%s")
    for info in infos:
        for path in info.transitive_proto_path.to_list():
            args.add("-I" + path)
    args.add("-I.")
    args.add("-I/usr/include")
    for info in infos:
        args.add_all([src.short_path for src in info.direct_sources])
    ctx.actions.run(
        executable = ctx.executable._protoc,
        arguments = [args],
        inputs = sources,
        outputs = [descriptors],
        mnemonic = "DescriptorSet",
    )
    out = ctx.actions.declare_file(ctx.label.name + ".cc")
    ctx.actions.run(
        executable = ctx.executable._embed,
        arguments = [descriptors.path, ctx.attr.function, ctx.attr.header, out.path],
        inputs = [descriptors],
        outputs = [out],
        mnemonic = "Embed",
    )
    return [DefaultInfo(files = depset([out]))]

embed_descriptors = rule(
    implementation = _impl,
    doc = "A .cc file that defines FUNCTION (qualified, declared in HEADER as `std::string_view f()`): a serialised FileDescriptorSet.",
    attrs = {
        "protos": attr.label_list(providers = [ProtoInfo], mandatory = True),
        "function": attr.string(mandatory = True),
        "header": attr.string(mandatory = True),
        "_protoc": attr.label(default = "@system//:bin/protoc", executable = True, cfg = "exec", allow_single_file = True),
        "_embed": attr.label(default = "//tools/bazel:embed", executable = True, cfg = "exec"),
    },
)
