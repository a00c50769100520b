// The outside of PEM (RFC 7468): enough to tell a certificate from what is none, without cryptography.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::translator {

// The labels of the blocks of TEXT in order, "CERTIFICATE" of "-----BEGIN CERTIFICATE-----". Text between blocks is a
// comment. nullopt: a block without an end, or with something in it that is neither base64 nor a header.
std::optional<std::vector<std::string>> PemLabels(std::string_view text);

// Why TEXT cannot be a chain of certificates, or the certificates of authorities: "" if it may be.
std::string CertificatesProblem(std::string_view text);
// Why TEXT cannot be a private key that a program can use: "" if it may be.
std::string PrivateKeyProblem(std::string_view text);

}  // namespace penstock::translator
