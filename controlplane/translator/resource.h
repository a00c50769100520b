// Messages -> resources.
#pragma once

#include <string>
#include <vector>

#include "controlplane/translator/translate.h"
#include "google/protobuf/message.h"

namespace penstock::translator {

ResourcePtr MakeResource(std::string name, const google::protobuf::Message& message, std::vector<std::string> gateways);

}  // namespace penstock::translator
