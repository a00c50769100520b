#include "dataplane/snapshot/generation_log.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

#include "dataplane/base/status.h"
#include "dataplane/snapshot/hash.h"

namespace penstock::snapshot {
namespace {

constexpr std::string_view kMagic = "PENSTOCKGEN1\n";

enum class RecordType : uint8_t {
  kUpsert = 1,
  kRemoval = 2,
  kCommit = 3,
  kEndpointsUpsert = 4,
  kEndpointsRemoval = 5,
};

// length u32, type u8, check of these five bytes u32, hash of header and payload u64.
constexpr size_t kChecked = 5;
constexpr size_t kHeader = kChecked + 4 + 8;

template <typename T>
void AppendInteger(std::string& out, T value) {
  for (size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>(value >> (8 * i));
}

template <typename T>
T ReadInteger(std::string_view bytes) {
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) value |= static_cast<T>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  return value;
}

uint32_t HeaderCheck(std::string_view header) { return static_cast<uint32_t>(XXH3_64bits(header.data(), kChecked)); }

uint64_t PayloadHash(std::string_view header, std::string_view payload) {
  return XXH3_64bits_withSeed(payload.data(), payload.size(), XXH3_64bits(header.data(), kChecked));
}

void AppendRecord(std::string& out, RecordType type, std::string_view payload) {
  std::string header;
  AppendInteger(header, static_cast<uint32_t>(payload.size()));
  header += static_cast<char>(type);
  AppendInteger(header, HeaderCheck(header));
  AppendInteger(header, PayloadHash(header, payload));
  out += header;
  out += payload;
}

void AppendText(std::string& out, std::string_view text) {
  AppendInteger(out, static_cast<uint32_t>(text.size()));
  out += text;
}

void AppendUpsert(std::string& out, RecordType type, const Resource& resource) {
  std::string payload;
  for (const std::string* text : {&resource.type_url, &resource.name, &resource.version, &resource.bytes}) {
    AppendText(payload, *text);
  }
  AppendRecord(out, type, payload);
}

void AppendRemoval(std::string& out, RecordType type, const ResourceName& name) {
  std::string payload;
  AppendText(payload, name.type_url);
  AppendText(payload, name.name);
  AppendRecord(out, type, payload);
}

void AppendCommit(std::string& out, const xds::v1::Generation& generation) {
  AppendRecord(out, RecordType::kCommit, generation.SerializeAsString());
}

std::optional<std::string> TakeText(std::string_view& payload) {
  if (payload.size() < 4) return std::nullopt;
  size_t size = ReadInteger<uint32_t>(payload);
  payload.remove_prefix(4);
  if (payload.size() < size) return std::nullopt;
  std::string text(payload.substr(0, size));
  payload.remove_prefix(size);
  return text;
}

// The texts that PAYLOAD consists of, which must be COUNT.
std::optional<std::vector<std::string>> TakeTexts(std::string_view payload, size_t count) {
  std::vector<std::string> texts;
  while (texts.size() < count) {
    std::optional<std::string> text = TakeText(payload);
    if (!text.has_value()) return std::nullopt;
    texts.push_back(*std::move(text));
  }
  if (!payload.empty()) return std::nullopt;
  return texts;
}

absl::Status Damaged(size_t offset, std::string_view what) {
  return absl::DataLossError(StrCat("damaged at byte ", offset, ": ", what));
}

// Reads a file record by record.
class Reader {
 public:
  explicit Reader(std::string_view file) : file_(file) {}

  absl::StatusOr<GenerationLog> Read();

 private:
  using Live = std::map<std::pair<std::string, std::string>, Resource>;

  // The next whole record; nothing if what is left is a torn tail.
  struct Record {
    RecordType type;
    std::string_view payload;
  };
  absl::StatusOr<std::optional<Record>> Next();
  absl::Status Take(const Record& record, size_t offset);
  absl::Status TakeUpsert(const Record& record, size_t offset, bool endpoints);
  absl::Status TakeRemoval(const Record& record, size_t offset, bool endpoints);
  absl::Status TakeCommit(const Record& record, size_t offset);

  std::string_view file_;
  size_t offset_ = 0;
  Live live_;
  std::vector<std::pair<std::pair<std::string, std::string>, std::optional<Resource>>> pending_;  // until the commit
  GenerationLog log_;
};

absl::StatusOr<GenerationLog> Reader::Read() {
  if (file_.size() < kMagic.size() && kMagic.starts_with(file_)) return absl::NotFoundError("no complete generation");
  if (!file_.starts_with(kMagic)) return Damaged(0, "not a generation file");
  offset_ = kMagic.size();
  for (;;) {
    size_t start = offset_;
    ASSIGN_OR_RETURN(std::optional<Record> record, Next());
    if (!record.has_value()) break;
    RETURN_IF_ERROR(Take(*record, start));
  }
  if (log_.generations == 0) return absl::NotFoundError("no complete generation");
  for (auto& [key, resource] : live_) log_.resources.push_back(std::move(resource));
  return std::move(log_);
}

absl::StatusOr<std::optional<Reader::Record>> Reader::Next() {
  std::string_view rest = file_.substr(offset_);
  // A file that was made longer before its bytes arrived ends in zeros.
  bool zeros = std::all_of(rest.begin(), rest.end(), [](char c) { return c == 0; });
  if (rest.size() < kHeader || zeros) return std::optional<Record>();
  if (ReadInteger<uint32_t>(rest.substr(kChecked)) != HeaderCheck(rest)) {
    return Damaged(offset_, "the checksum of a record's header differs");
  }
  size_t size = ReadInteger<uint32_t>(rest);
  if (size > kMaxLogRecordBytes) return Damaged(offset_, "a record is larger than any that is written");
  if (rest.size() < kHeader + size) return std::optional<Record>();
  std::string_view payload = rest.substr(kHeader, size);
  if (ReadInteger<uint64_t>(rest.substr(kChecked + 4)) != PayloadHash(rest, payload)) {
    return Damaged(offset_, "the checksum of a record differs");
  }
  offset_ += kHeader + size;
  return std::optional<Record>({static_cast<RecordType>(rest[4]), payload});
}

absl::Status Reader::Take(const Record& record, size_t offset) {
  switch (record.type) {
    case RecordType::kUpsert:
      return TakeUpsert(record, offset, false);
    case RecordType::kRemoval:
      return TakeRemoval(record, offset, false);
    case RecordType::kCommit:
      return TakeCommit(record, offset);
    case RecordType::kEndpointsUpsert:
      return TakeUpsert(record, offset, true);
    case RecordType::kEndpointsRemoval:
      return TakeRemoval(record, offset, true);
  }
  return Damaged(offset, "a record of a type that this build does not know");
}

absl::Status Reader::TakeUpsert(const Record& record, size_t offset, bool endpoints) {
  std::optional<std::vector<std::string>> texts = TakeTexts(record.payload, 4);
  if (!texts.has_value()) return Damaged(offset, "an upsert that does not parse");
  Resource resource{(*texts)[0], (*texts)[1], (*texts)[2], (*texts)[3]};
  std::pair key(resource.type_url, resource.name);
  if (!endpoints) {
    pending_.emplace_back(std::move(key), std::move(resource));
    return absl::OkStatus();
  }
  if (!pending_.empty() || resource.type_url != kEndpointsType) {
    return Damaged(offset, "endpoints inside of a generation, or of another type");
  }
  live_[std::move(key)] = std::move(resource);
  if (log_.generations > 0) log_.valid_bytes = offset_;
  return absl::OkStatus();
}

absl::Status Reader::TakeRemoval(const Record& record, size_t offset, bool endpoints) {
  std::optional<std::vector<std::string>> texts = TakeTexts(record.payload, 2);
  if (!texts.has_value()) return Damaged(offset, "a removal that does not parse");
  std::pair key((*texts)[0], (*texts)[1]);
  if (!endpoints) {
    pending_.emplace_back(std::move(key), std::nullopt);
    return absl::OkStatus();
  }
  if (!pending_.empty() || key.first != kEndpointsType) {
    return Damaged(offset, "endpoints inside of a generation, or of another type");
  }
  live_.erase(key);
  if (log_.generations > 0) log_.valid_bytes = offset_;
  return absl::OkStatus();
}

absl::Status Reader::TakeCommit(const Record& record, size_t offset) {
  xds::v1::Generation generation;
  if (!generation.ParseFromArray(record.payload.data(), static_cast<int>(record.payload.size()))) {
    return Damaged(offset, "a commit that does not parse");
  }
  for (auto& [key, resource] : pending_) {
    if (resource.has_value()) {
      live_[key] = *std::move(resource);
    } else {
      live_.erase(key);
    }
  }
  pending_.clear();
  log_.generation = std::move(generation);
  log_.valid_bytes = offset_;
  ++log_.generations;
  return absl::OkStatus();
}

}  // namespace

std::string EncodeGeneration(const std::vector<Resource>& resources, const xds::v1::Generation& generation) {
  std::string file(kMagic);
  for (const Resource& resource : resources) AppendUpsert(file, RecordType::kUpsert, resource);
  AppendCommit(file, generation);
  return file;
}

std::string EncodeDelta(const Delta& delta) {
  std::string records;
  for (const ResourceName& name : delta.removals) AppendRemoval(records, RecordType::kRemoval, name);
  for (const Resource& resource : delta.upserts) AppendUpsert(records, RecordType::kUpsert, resource);
  AppendCommit(records, *delta.generation);
  return records;
}

std::string EncodeEndpoints(const std::vector<Resource>& upserts, const std::vector<ResourceName>& removals) {
  std::string records;
  for (const ResourceName& name : removals) AppendRemoval(records, RecordType::kEndpointsRemoval, name);
  for (const Resource& resource : upserts) AppendUpsert(records, RecordType::kEndpointsUpsert, resource);
  return records;
}

absl::StatusOr<GenerationLog> DecodeGenerationLog(std::string_view file) { return Reader(file).Read(); }

}  // namespace penstock::snapshot
