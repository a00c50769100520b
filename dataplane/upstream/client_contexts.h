#pragma once

#include <memory>
#include <string_view>

#include "dataplane/tls/client_context.h"

namespace penstock::upstream {

// How handshakes with clusters are begun: what a generation has made ready for those of its snapshot.
class ClientContexts {
 public:
  // nullptr if the cluster is reached in cleartext.
  virtual const std::shared_ptr<const tls::ClientContext>* FindClient(std::string_view cluster) const = 0;

 protected:
  ~ClientContexts() = default;
};

}  // namespace penstock::upstream
