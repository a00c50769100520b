#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/base/arena.h"
#include "dataplane/base/cancellation.h"
#include "dataplane/exchange/exchange.h"
#include "dataplane/jose/json.h"

namespace penstock::policies {

// A request as policies see it, for tables of tests.
struct TestRequest {
  std::string method = "GET";
  std::string path = "/";  // canonical
  std::vector<std::pair<std::string, std::string>> fields = {};
  std::string client = "192.0.2.1";
  // Of a token that is proven; "" none.
  std::string claims = "";
  std::string subject = "";
  std::string consumer = "";
  std::string plan = "";
  int64_t seconds = 0;  // since 1970
};

// Its Exchange. REQUEST outlives it.
class TestExchange {
 public:
  explicit TestExchange(const TestRequest& request);

  Exchange& operator*() { return x_; }
  Exchange* operator->() { return &x_; }

 private:
  BlockPool pool_;
  Cancellation cancellation_;
  std::optional<jose::Json> claims_;
  Exchange x_{&pool_};
};

}  // namespace penstock::policies
