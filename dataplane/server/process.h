// Settings of the operating system's process.
#pragma once

#include <cstdint>

namespace penstock::server {

// Raises the soft limit of open files to the hard one; returns it.
int64_t RaiseFileLimit();

// Runs the calling thread on CPU only. A CPU that is gone is no error.
void PinToCpu(int cpu);

// For debuggers and `top -H`; at most 15 bytes.
void NameThread(const char* name);

}  // namespace penstock::server
