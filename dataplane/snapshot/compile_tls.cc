#include <algorithm>

#include "dataplane/base/ip_address.h"
#include "dataplane/base/strings.h"
#include "dataplane/snapshot/compile_resources.h"
#include "dataplane/snapshot/values.h"

namespace penstock::snapshot {
namespace {

constexpr int kMaxCertificates = 64;
constexpr int kMaxSubjectAltNames = 64;
constexpr std::string_view kAlpn[] = {"h2", "http/1.1"};

TlsVersion CompileVersion(xds::v1::TlsVersion version, const Field& field, ProblemSink& problems) {
  switch (version) {
    case xds::v1::TLS_VERSION_UNSPECIFIED:
    case xds::v1::TLS_1_2:
      return TlsVersion::kTls12;
    case xds::v1::TLS_1_3:
      return TlsVersion::kTls13;
    default:
      break;
  }
  problems.Add("E205", field, "an unknown version of TLS", "TLS_1_2 or TLS_1_3");
  return TlsVersion::kTls12;
}

std::vector<std::string> CompileSecretNames(const google::protobuf::RepeatedPtrField<std::string>& names,
                                            const Field& parent, const char* name, ProblemSink& problems) {
  if (names.size() > kMaxCertificates) {
    problems.Add("E210", Field(parent, name), StrCat("at most ", kMaxCertificates, " are allowed"));
    return {};
  }
  for (int i = 0; i < names.size(); ++i) {
    if (names[i].empty()) problems.Add("E205", Field(parent, name, i), "the name of a Secret is missing");
  }
  return {names.begin(), names.end()};
}

SubjectAltName CompileSubjectAltName(const xds::v1::SubjectAltName& from, const Field& field, ProblemSink& problems) {
  SubjectAltName result{.type = SubjectAltName::Type::kDns, .value = from.value()};
  if (result.value.empty() || result.value.find('\0') != std::string::npos) {
    problems.Add("E205", Field(field, "value"), "a name is not empty and has no NUL");
  }
  switch (from.type()) {
    case xds::v1::SubjectAltName::DNS:
      CheckHostname(result.value, Wildcard::kRefused, Field(field, "value"), problems);
      return result;
    case xds::v1::SubjectAltName::URI:
      result.type = SubjectAltName::Type::kUri;
      return result;
    case xds::v1::SubjectAltName::IP:
      result.type = SubjectAltName::Type::kIp;
      result.value = ReadAddress(result.value, Field(field, "value"), problems);
      return result;
    case xds::v1::SubjectAltName::EMAIL:
      result.type = SubjectAltName::Type::kEmail;
      return result;
    default:
      break;
  }
  problems.Add("E205", Field(field, "type"), "an unknown type of name", "DNS, URI, IP or EMAIL");
  return result;
}

std::vector<SubjectAltName> CompileSubjectAltNames(
    const google::protobuf::RepeatedPtrField<xds::v1::SubjectAltName>& names, const Field& parent,
    ProblemSink& problems) {
  std::vector<SubjectAltName> result;
  if (names.size() > kMaxSubjectAltNames) {
    problems.Add("E210", Field(parent, "subject_alt_names"), StrCat("at most ", kMaxSubjectAltNames, " are allowed"));
    return result;
  }
  for (int i = 0; i < names.size(); ++i) {
    result.push_back(CompileSubjectAltName(names[i], Field(parent, "subject_alt_names", i), problems));
  }
  return result;
}

ClientValidation CompileClientValidation(const xds::v1::ClientValidation& client, const Field& field,
                                         ProblemSink& problems) {
  ClientValidation result;
  result.ca = CompileSecretNames(client.ca(), field, "ca", problems);
  // Nobody to trust must not come to mean that everybody is trusted.
  if (result.ca.empty()) problems.Add("E205", Field(field, "ca"), "nobody is named who may issue certificates");
  result.optional = client.optional();
  result.subject_alt_names = CompileSubjectAltNames(client.subject_alt_names(), field, problems);
  return result;
}

}  // namespace

ServerTls CompileServerTls(const xds::v1::ServerTls& tls, ListenerProtocol protocol, ProblemSink& problems) {
  ServerTls result;
  Field parent("tls");
  result.certificates = CompileSecretNames(tls.certificates(), parent, "certificates", problems);
  if (result.certificates.empty()) {
    problems.Add("E205", Field(parent, "certificates"), "there is no certificate to show", "name at least one Secret");
  }
  result.min_version = CompileVersion(tls.min_version(), Field(parent, "min_version"), problems);
  for (int i = 0; i < tls.alpn_size(); ++i) {
    if (std::find(std::begin(kAlpn), std::end(kAlpn), tls.alpn(i)) == std::end(kAlpn)) {
      problems.Add("E205", Field(parent, "alpn", i), StrCat("\"", tls.alpn(i), "\" is not served"), "h2 or http/1.1");
    }
    result.alpn.push_back(tls.alpn(i));
  }
  if (result.alpn.empty() && protocol == ListenerProtocol::kHttps)
    result.alpn.assign(std::begin(kAlpn), std::end(kAlpn));
  if (tls.has_client()) result.client = CompileClientValidation(tls.client(), Field(parent, "client"), problems);
  return result;
}

UpstreamTls CompileUpstreamTls(const xds::v1::UpstreamTls& tls, ProblemSink& problems) {
  UpstreamTls result;
  Field parent("tls");
  result.hostname = tls.hostname();
  CheckHostname(result.hostname, Wildcard::kRefused, Field(parent, "hostname"), problems);
  result.ca = CompileSecretNames(tls.ca(), parent, "ca", problems);
  result.system_ca = tls.system_ca();
  if (result.ca.empty() && !result.system_ca) {
    problems.Add("E205", Field(parent, "ca"), "nobody is named who may issue the endpoints' certificates",
                 "name Secrets with ca.crt, or set system_ca");
  }
  result.subject_alt_names = CompileSubjectAltNames(tls.subject_alt_names(), parent, problems);
  result.client_certificate = tls.client_certificate();
  result.min_version = CompileVersion(tls.min_version(), Field(parent, "min_version"), problems);
  return result;
}

}  // namespace penstock::snapshot
