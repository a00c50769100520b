#pragma once

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "dataplane/base/status.h"

namespace penstock {

// Can whoever holds these PEM texts prove at NOW to be the one that the certificate names? kInvalidArgument: one of
// them cannot be read (also a key with a passphrase: nobody is asked for it), or the key is another certificate's;
// kUnavailable: the certificate has expired. Nothing of the key is in a message.
Status CheckKeyPair(std::string_view certificate, std::string_view key, absl::Time now);

// Others than its owner can do nothing with the key file, or it is not there; else kFailedPrecondition with the
// command that mends it.
Status CheckPrivate(const std::string& path);

}  // namespace penstock
