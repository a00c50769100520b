#pragma once

#include <map>
#include <memory>
#include <string>

#include "dataplane/snapshot/problem_sink.h"
#include "dataplane/snapshot/snapshot.h"
#include "dataplane/tls/ca_bundle.h"
#include "dataplane/tls/key_pair.h"

namespace penstock::proxy {

// Reads Secrets of one snapshot: each once, whoever mentions it. What cannot be read goes to PROBLEMS, once, under the
// Secret's name and the field that is to blame.
class SecretReader {
 public:
  // Both outlive it.
  SecretReader(const snapshot::Snapshot& snapshot, snapshot::ProblemSink& problems)
      : snapshot_(snapshot), problems_(problems) {}

  // The fields tls.crt and tls.key; null if they are no pair. REQUIRES: the Secret exists.
  std::shared_ptr<const tls::KeyPair> PairOf(const std::string& secret);
  // The field ca.crt; null if it is no certificates. REQUIRES: the Secret exists.
  std::shared_ptr<const tls::CaBundle> BundleOf(const std::string& secret);
  // What FILE of this machine says.
  StatusOr<std::shared_ptr<const tls::CaBundle>> SystemBundle(const std::string& file);

 private:
  std::shared_ptr<const tls::KeyPair> ReadPair(const snapshot::CompiledSecret& secret);
  std::shared_ptr<const tls::CaBundle> ReadBundle(const snapshot::CompiledSecret& secret);
  const std::string* DataOf(const snapshot::CompiledSecret& secret, const char* key);
  void Blame(const snapshot::CompiledSecret& secret, const char* key, const Status& status);

  const snapshot::Snapshot& snapshot_;
  snapshot::ProblemSink& problems_;
  std::map<std::string, std::shared_ptr<const tls::KeyPair>> pairs_;
  std::map<std::string, std::shared_ptr<const tls::CaBundle>> bundles_;
  std::shared_ptr<const tls::CaBundle> system_;
};

}  // namespace penstock::proxy
