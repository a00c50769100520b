#include "controlplane/translator/listeners.h"

#include <algorithm>
#include <utility>

#include "controlplane/manifests/text.h"
#include "controlplane/translator/route_kinds.h"
#include "controlplane/translator/tls_options.h"
#include "controlplane/translator/values.h"

namespace penstock::translator {
namespace {

using manifests::Cat;

// One reading of one listener.
class ListenerReader {
 public:
  ListenerReader(const api::Listener& listener, const std::string& path, FindingSink& findings)
      : listener_(listener), path_(path), findings_(findings) {}

  ListenerOutput Run() {
    out_.name = listener_.name();
    out_.port = static_cast<uint32_t>(listener_.port());
    out_.protocol = listener_.protocol().empty() ? "HTTP" : listener_.protocol();
    out_.transport = TransportOf(out_.protocol);
    out_.hostname = Lower(listener_.hostname());
    out_.served = listener_.port() > 0 && listener_.port() <= 65535 && !listener_.name().empty();
    ReadTls();
    ReadKinds();
    ReadNamespaces();
    return std::move(out_);
  }

 private:
  // A value that makes the listener useless.
  void Bad(std::string_view field, const std::string& problem, std::string hint) {
    findings_.Error(path_ + std::string(field), "E121", problem, std::move(hint));
    Refuse(out_, "UnsupportedValue", problem);
  }

  void ReadTls() {
    bool by_name = out_.transport == Transport::kHttp || out_.transport == Transport::kTls;
    if (!out_.hostname.empty() && !by_name) {
      Bad(".hostname", Cat("protocol ", out_.protocol, " knows no host names"),
          "remove the hostname, or use protocol TLS");
    }
    if (out_.transport != Transport::kTls) {
      if (listener_.has_tls())
        Bad(".tls", Cat("tls has no meaning with protocol ", out_.protocol), "use HTTPS or TLS, or remove tls");
      return;
    }
    const api::ListenerTLSConfig& tls = listener_.tls();
    if (!listener_.has_tls()) {
      Bad(".tls", Cat("protocol ", out_.protocol, " needs the field tls"),
          "add tls: {certificateRefs: [{name: SECRET}]}");
    } else if (tls.mode() == "Passthrough") {
      ReadPassthrough(tls);
    } else if (tls.certificate_refs().empty()) {
      Bad(".tls.certificateRefs", "mode Terminate needs a certificate to show",
          "add certificateRefs: [{name: SECRET}]");
    } else {
      out_.tls.emplace().set_min_version(ReadMinVersion(tls.options(), path_ + ".tls.options", findings_));
    }
  }

  void ReadPassthrough(const api::ListenerTLSConfig& tls) {
    if (out_.protocol == "HTTPS") {
      Bad(".tls.mode", "HTTPS listeners read the requests, so TLS ends there", "use protocol TLS to pass it through");
    }
    constexpr std::string_view kHint = "remove it, or use mode Terminate";
    if (!tls.certificate_refs().empty())
      Bad(".tls.certificateRefs", "with mode Passthrough no certificate is shown here", std::string(kHint));
    if (!tls.options().empty())
      Bad(".tls.options", "with mode Passthrough there are no handshakes to have options", std::string(kHint));
  }

  void ReadKinds() {
    std::vector<std::string_view> carried = KindsOf(out_.protocol);
    const api::AllowedRoutes& allowed = listener_.allowed_routes();
    if (allowed.kinds().empty()) {
      out_.kinds = std::move(carried);
      return;
    }
    for (int i = 0; i < allowed.kinds_size(); ++i) {
      const api::RouteGroupKind& kind = allowed.kinds(i);
      auto found = std::find(carried.begin(), carried.end(), kind.kind());
      if (found != carried.end() && (kind.group().empty() || kind.group() == kGatewayGroup)) {
        out_.kinds.push_back(*found);
        out_.names_grpc = out_.names_grpc || *found == "GRPCRoute";
        continue;
      }
      std::string problem = Cat("protocol ", out_.protocol, " carries no routes of kind ", kind.kind());
      findings_.Error(Cat(path_, ".allowedRoutes.kinds[", i, "].kind"), "E104", problem,
                      Cat("it carries ", ListOf(carried)));
      if (out_.refs.none()) out_.refs = {"InvalidRouteKinds", problem};
    }
  }

  void ReadNamespaces() {
    const api::RouteNamespaces& namespaces = listener_.allowed_routes().namespaces();
    if (!namespaces.from().empty()) out_.from = namespaces.from();
    out_.selector = namespaces.selector();
    std::string path = path_ + ".allowedRoutes.namespaces";
    if (out_.from != "Selector" && namespaces.has_selector()) {
      findings_.Error(path + ".selector", "E121", Cat("a selector has no meaning with from: ", out_.from),
                      "write from: Selector");
    } else if (out_.from == "Selector" && !namespaces.has_selector()) {
      findings_.Error(path + ".from", "E121", "from: Selector needs a selector",
                      "write selector: {matchLabels: {...}}, or from: All");
    }
  }

  const api::Listener& listener_;
  const std::string& path_;
  FindingSink& findings_;
  ListenerOutput out_;
};

}  // namespace

ListenerOutput ReadListener(const ObjectKey& owner, const api::Listener& listener, const std::string& path,
                            FindingSink& findings) {
  ListenerOutput output = ListenerReader(listener, path, findings).Run();
  output.owner = owner;
  output.path = path;
  return output;
}

void Refuse(ListenerOutput& listener, std::string_view reason, std::string_view message) {
  listener.served = false;
  if (listener.accepted.none()) listener.accepted = {std::string(reason), std::string(message)};
}

}  // namespace penstock::translator
