#include "dataplane/router/router.h"

#include "dataplane/router/host_tree.h"

namespace penstock::router {

Router::Router(uint64_t seed) : hosts_(new HostTree(seed)) {}
Router::~Router() = default;
Router::Router(const Router& other) = default;
Router& Router::operator=(const Router& other) = default;
Router::Router(Router&& other) noexcept = default;
Router& Router::operator=(Router&& other) noexcept = default;

void Router::Insert(std::string_view host, const Match& match) { hosts_.Edit().Insert(host, match); }
bool Router::Erase(std::string_view host, const Match& match) { return hosts_.Edit().Erase(host, match); }
void Router::Seal() { hosts_.Edit().Seal(); }
size_t Router::size() const { return hosts_->size(); }

void Router::ForEach(absl::FunctionRef<void(std::string_view host, const Match& match)> visit) const {
  hosts_->ForEach(visit);
}

const Match* Router::Find(const Request& request) const { return hosts_->Find(request, nullptr); }
const Match* Router::FindCounting(const Request& request, LookupStats& stats) const {
  return hosts_->Find(request, &stats);
}

}  // namespace penstock::router
