#include "dataplane/tls/wire.h"

#include <openssl/bio.h>

#include <algorithm>
#include <cstring>

#include "dataplane/base/check.h"

namespace penstock::tls {
namespace {

Wire& WireOf(BIO* bio) { return *static_cast<Wire*>(BIO_get_data(bio)); }

int Read(BIO* bio, char* out, size_t size, size_t* got) {
  Wire& wire = WireOf(bio);
  BIO_clear_retry_flags(bio);
  if (wire.cut) return 0;
  if (wire.received.empty()) {
    BIO_set_retry_read(bio);
    return 0;
  }
  *got = std::min(size, wire.received.size());
  std::memcpy(out, wire.received.data(), *got);
  wire.received.RemovePrefix(*got);
  return 1;
}

int Write(BIO* bio, const char* bytes, size_t size, size_t* written) {
  Wire& wire = WireOf(bio);
  BIO_clear_retry_flags(bio);
  if (!wire.outbox.Append({bytes, size}, wire.expected)) return 0;
  *written = size;
  return 1;
}

long Control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

// The table of functions; the same for ever.
const BIO_METHOD* Method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "penstock stream");
    BIO_meth_set_read_ex(made, Read);
    BIO_meth_set_write_ex(made, Write);
    BIO_meth_set_ctrl(made, Control);
    return made;
  }();
  return method;
}

}  // namespace

BIO* Wire::NewBio() {
  BIO* bio = BIO_new(Method());
  PENSTOCK_CHECK(bio != nullptr, "OpenSSL makes BIOs");
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  return bio;
}

bool Outbox::Append(std::string_view bytes, size_t expected) {
  while (!bytes.empty()) {
    bool full = count_ == 0 || parts_[count_ - 1].used == parts_[count_ - 1].block->capacity;
    if (full) {
      if (count_ == kMaxBlocks) return false;
      size_t left = expected > bytes_ ? expected - bytes_ : 0;
      parts_[count_++] = {pool_.Take(std::max(left, bytes.size())), 0};
    }
    Part& part = parts_[count_ - 1];
    size_t n = std::min<size_t>(bytes.size(), part.block->capacity - part.used);
    std::memcpy(part.block->data() + part.used, bytes.data(), n);
    part.used += n;
    bytes_ += n;
    bytes.remove_prefix(n);
  }
  return true;
}

void Outbox::Clear() {
  for (size_t i = 0; i < count_; ++i) BlockPool::Release(parts_[i].block);
  count_ = bytes_ = 0;
}

std::span<const std::string_view> Outbox::pieces() {
  for (size_t i = 0; i < count_; ++i) pieces_[i] = {parts_[i].block->data(), parts_[i].used};
  return {pieces_.data(), count_};
}

void swap(Outbox& a, Outbox& b) noexcept {
  std::swap(a.parts_, b.parts_);
  std::swap(a.count_, b.count_);
  std::swap(a.bytes_, b.bytes_);
}

}  // namespace penstock::tls
