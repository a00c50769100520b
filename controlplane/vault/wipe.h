#pragma once

#include <string>

namespace penstock::vault {

// Overwrites what TEXT holds and has room for, in a way that no compiler leaves out, and empties it.
void Wipe(std::string& text);

}  // namespace penstock::vault
