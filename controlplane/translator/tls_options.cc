#include "controlplane/translator/tls_options.h"

#include "controlplane/manifests/text.h"

namespace penstock::translator {

namespace wire = penstock::xds::v1;
using manifests::Cat;

wire::TlsVersion ReadMinVersion(const google::protobuf::Map<std::string, std::string>& options, const std::string& path,
                                FindingSink& findings) {
  wire::TlsVersion version = wire::TLS_VERSION_UNSPECIFIED;
  for (const auto& [name, value] : std::map<std::string, std::string>(options.begin(), options.end())) {
    std::string field = Cat(path, "[\"", name, "\"]");
    if (name != kMinVersionOption) {
      findings.Error(field, "E110", Cat("there is no option \"", name, "\""),
                     Cat("the only one is ", kMinVersionOption));
    } else if (value == "1.2" || value == "1.3") {
      version = value == "1.2" ? wire::TLS_1_2 : wire::TLS_1_3;
    } else {
      findings.Error(field, "E121", Cat("\"", value, "\" is no version of TLS that is spoken"), "\"1.2\" or \"1.3\"");
    }
  }
  return version;
}

}  // namespace penstock::translator
