#include "controlplane/manifests/attachments.h"

#include <utility>

#include "api/manifests/v1/core.pb.h"
#include "controlplane/manifests/scalar.h"
#include "controlplane/manifests/text.h"

namespace penstock::manifests {
namespace {

// How a file is attached that is named PATH in MANIFEST: from the manifest's folder.
std::string NameFor(std::string_view manifest, std::string_view path) {
  size_t slash = manifest.rfind('/');
  if (path.starts_with('/') || slash == std::string_view::npos) return std::string(path);
  return Cat(manifest.substr(0, slash + 1), path);
}

std::string PathOf(const std::string& key) {
  FieldPath path;
  path.PushField("dataFromFiles");
  path.PushMapKey(key);
  return path.text();
}

}  // namespace

void Attachments::FillIn(const SourceMap& source, FindingSink& sink, google::protobuf::Message& message) {
  if (message.GetDescriptor() == v1::Secret::descriptor()) {
    auto& secret = static_cast<v1::Secret&>(message);
    FillMap(secret.data_from_files(), secret.string_data(), source, sink, *secret.mutable_data());
    secret.clear_data_from_files();
  } else if (message.GetDescriptor() == v1::ConfigMap::descriptor()) {
    auto& config_map = static_cast<v1::ConfigMap&>(message);
    FillMap(config_map.data_from_files(), config_map.data(), source, sink, *config_map.mutable_binary_data());
    config_map.clear_data_from_files();
  }
}

template <typename Data>
void Attachments::FillMap(const Texts& paths, const Texts& texts, const SourceMap& source, FindingSink& sink,
                          Data& data) {
  constexpr size_t kMaxBytes = 1 << 20;  // of a value, as elsewhere in these kinds
  for (const auto& [key, path] : std::map<std::string, std::string>(paths.begin(), paths.end())) {
    std::string field = PathOf(key);
    std::string name = NameFor(*sink.file(), path);
    names_.insert(name);
    auto file = files_.find(name);
    if (data.contains(key) || texts.contains(key)) {
      sink.Error("E025", source.Find(field), field, Cat("the value of ", Quoted(key), " is given twice"),
                 "remove it here or there");
    } else if (file == files_.end()) {
      sink.Error("E025", source.Find(field), field, Cat("the file ", Quoted(name), " cannot be read"),
                 "paths begin at the folder of the manifest; the file must be readable for who applies it");
    } else if (file->second.size() > kMaxBytes) {
      sink.Error("E025", source.Find(field), field, Cat("the file ", Quoted(name), " is larger than 1 MiB"));
    } else {
      data[key] = std::string(file->second);
    }
  }
}

}  // namespace penstock::manifests
