#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace penstock::snapshot {

// The type URLs of our resources ("type.googleapis.com/penstock.xds.v1.Route", ...).
inline constexpr std::string_view kListenerType = "type.googleapis.com/penstock.xds.v1.Listener";
inline constexpr std::string_view kRouteType = "type.googleapis.com/penstock.xds.v1.Route";
inline constexpr std::string_view kClusterType = "type.googleapis.com/penstock.xds.v1.Cluster";
inline constexpr std::string_view kEndpointsType = "type.googleapis.com/penstock.xds.v1.Endpoints";
inline constexpr std::string_view kPolicyChainType = "type.googleapis.com/penstock.xds.v1.PolicyChain";
inline constexpr std::string_view kSecretType = "type.googleapis.com/penstock.xds.v1.Secret";
inline constexpr std::string_view kRevocationType = "type.googleapis.com/penstock.xds.v1.Revocation";
inline constexpr std::string_view kCredentialType = "type.googleapis.com/penstock.xds.v1.Credential";
inline constexpr std::string_view kAddressListType = "type.googleapis.com/penstock.xds.v1.AddressList";
inline constexpr std::string_view kGenerationType = "type.googleapis.com/penstock.xds.v1.Generation";

// The version of a resource: 16 hexadecimal digits of xxh3-64 over its type, name and serialized bytes. Equal bytes
// have equal versions in every process, so that a restart sends nothing again. Serialize deterministically to profit.
std::string ResourceVersion(std::string_view type_url, std::string_view name, std::string_view bytes);

// What one resource adds to the hash of its generation.
uint64_t ResourceHash(std::string_view type_url, std::string_view name, std::string_view version);

// Does a resource of this type count in Generation.hash and Generation.counts? All but Endpoints, which move between
// generations, and the Generation itself.
bool CountsInGeneration(std::string_view type_url);

}  // namespace penstock::snapshot
