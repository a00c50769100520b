#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/router/hash_key.h"
#include "dataplane/router/lookup_stats.h"
#include "dataplane/router/ref.h"

namespace penstock::router {

// A set of T by T::key(), as a value of one pointer with O(1) copies that share everything: extendible hashing with
// path copying. T is a node of Ref.
//
//   one item: the item itself.  up to kPageItems: a page of (hash, item).  more: directories over pages.
//
// A directory is an array of up to 256 slots that 8 bits of the hash index; a page may fill several slots in a row
// (2^(bits - depth) of them); a slot whose page overflows at full depth becomes a directory for the next 8 bits. So a
// lookup is one array read per 8 bits (one below some 1,500 items, two below 400,000, three below 100 million), one
// page and one item, and an edit copies that path only. A full 64-bit collision only makes its page longer.
//
// An edit happens in place where nobody shares: the set itself must then be reached over unshared nodes.
template <typename T>
class PersistentSet {
 public:
  static constexpr uint32_t kPageItems = 8;

  PersistentSet() = default;
  PersistentSet(const PersistentSet& other) = default;
  PersistentSet(PersistentSet&&) noexcept = default;
  PersistentSet& operator=(const PersistentSet&) = default;
  PersistentSet& operator=(PersistentSet&&) noexcept = default;

  bool empty() const { return top_.kind() == Kind::kEmpty; }

  const T* Find(std::string_view key, uint64_t seed, LookupStats* stats = nullptr) const;

  // REQUIRES: no item of that key is in the set.
  void Insert(Ref<T> item, uint64_t seed);
  // Calls EDIT(Ref<T>& owner) for the item of that key, to edit the item (not its key) or to put another of the same
  // key there. False if there is none.
  template <typename EditItem>
  bool Edit(std::string_view key, uint64_t seed, EditItem edit);
  bool Erase(std::string_view key, uint64_t seed);

  template <typename Visit>
  void ForEach(Visit visit) const {
    top_.ForEach(visit);
  }

 private:
  static constexpr int kWindow = 8;  // bits per directory
  static constexpr int kLastLevel = 64 / kWindow - 1;

  enum class Kind : uintptr_t { kEmpty, kItem, kPage, kDirectory };
  struct Page;
  struct Directory;
  class Slot;

  struct Entry {
    uint64_t hash;
    Ref<T> item;
  };

  static size_t SlotOf(uint64_t hash, int level, int bits) { return (hash << (level * kWindow)) >> (64 - bits); }
  static void InsertInto(Slot& slot, int level, Entry entry);
  static void AddToRange(Directory& directory, size_t index, Entry entry);
  static void SplitPage(Directory& directory, size_t index, int level);
  static void EraseFrom(Slot& slot, int level, uint64_t hash, std::string_view key);
  static void EraseInDirectory(Directory& directory, size_t index, uint64_t hash, std::string_view key);
  static void MergeWithBuddy(Directory& directory, size_t index);
  static Page& EditRange(Directory& directory, size_t index);
  static void SetRange(Directory& directory, size_t index, int depth, const Slot& slot);

  // Entries live behind the struct.
  struct Page : Counted {
    uint8_t depth = 0;  // bits of the directory's window that all entries share
    uint32_t count = 0;
    uint32_t capacity = 0;

    Entry* entries() { return reinterpret_cast<Entry*>(this + 1); }
    const Entry* entries() const { return reinterpret_cast<const Entry*>(this + 1); }

    static Page* Make(uint32_t capacity, uint8_t depth) {
      Page* page = new (::operator new(sizeof(Page) + capacity * sizeof(Entry))) Page;
      page->depth = depth;
      page->capacity = capacity;
      return page;
    }
    static Page* Copy(const Page& from, uint32_t capacity) {
      Page* page = Make(capacity, from.depth);
      for (uint32_t i = 0; i < from.count; ++i) page->Add(from.entries()[i]);
      return page;
    }
    static Page* Clone(const Page& from) { return Copy(from, from.capacity); }
    static void Destroy(Page* page) {
      for (uint32_t i = 0; i < page->count; ++i) page->entries()[i].~Entry();
      page->~Page();
      ::operator delete(page);
    }
    void Add(Entry entry) { new (&entries()[count++]) Entry(std::move(entry)); }
    void Remove(uint32_t i) {
      if (i + 1 != count) entries()[i] = std::move(entries()[count - 1]);
      entries()[--count].~Entry();
    }
    int IndexOf(uint64_t hash, std::string_view key) const {
      for (uint32_t i = 0; i < count; ++i) {
        if (entries()[i].hash == hash && entries()[i].item->key() == key) return static_cast<int>(i);
      }
      return -1;
    }
  };

  // A counted pointer to an item, a page or a directory: the kind is in the low bits.
  class Slot {
   public:
    Slot() = default;
    explicit Slot(Ref<T> item) : bits_(Pack(item.Release(), Kind::kItem)) {}
    explicit Slot(Ref<Page> page) : bits_(Pack(page.Release(), Kind::kPage)) {}
    explicit Slot(Ref<Directory> directory) : bits_(Pack(directory.Release(), Kind::kDirectory)) {}
    Slot(const Slot& other) : bits_(other.bits_) { Take(); }
    Slot(Slot&& other) noexcept : bits_(std::exchange(other.bits_, 0)) {}
    Slot& operator=(Slot other) noexcept {
      std::swap(bits_, other.bits_);
      return *this;
    }
    ~Slot() { Drop(); }

    Kind kind() const { return static_cast<Kind>(bits_ & 3); }
    bool same(const Slot& other) const { return bits_ == other.bits_; }
    const T* item() const { return reinterpret_cast<const T*>(bits_ & ~uintptr_t{3}); }
    const Page* page() const { return reinterpret_cast<const Page*>(bits_ & ~uintptr_t{3}); }
    const Directory* directory() const { return reinterpret_cast<const Directory*>(bits_ & ~uintptr_t{3}); }
    // The pointer as what it is. A Ref has no state but the pointer, without the kind: take it out, edit, put it back.
    template <typename U>
    Ref<U> Leave() {
      return Ref<U>::Adopt(reinterpret_cast<U*>(std::exchange(bits_, 0) & ~uintptr_t{3}));
    }

    template <typename Visit>
    void ForEach(Visit& visit) const {
      if (kind() == Kind::kItem) visit(*item());
      if (kind() == Kind::kPage) {
        for (uint32_t i = 0; i < page()->count; ++i) visit(*page()->entries()[i].item);
      }
      if (kind() != Kind::kDirectory) return;
      for (size_t i = 0; i < directory()->size(); ++i) {
        if (i > 0 && directory()->slots()[i].same(directory()->slots()[i - 1])) continue;
        directory()->slots()[i].ForEach(visit);
      }
    }

   private:
    template <typename U>
    static uintptr_t Pack(U* pointer, Kind kind) {
      return reinterpret_cast<uintptr_t>(pointer) | static_cast<uintptr_t>(kind);
    }
    template <typename U>
    void TakeOne() {
      Ref<U> owner = Ref<U>::Adopt(reinterpret_cast<U*>(bits_ & ~uintptr_t{3}));
      Ref<U>(owner).Release();
      owner.Release();
    }
    void Take() {
      if (kind() == Kind::kItem) TakeOne<T>();
      if (kind() == Kind::kPage) TakeOne<Page>();
      if (kind() == Kind::kDirectory) TakeOne<Directory>();
    }
    void Drop() {
      if (kind() == Kind::kItem) Leave<T>();
      if (kind() == Kind::kPage) Leave<Page>();
      if (kind() == Kind::kDirectory) Leave<Directory>();
    }

    uintptr_t bits_ = 0;
  };

  // 2^bits slots live behind the struct.
  struct Directory : Counted {
    uint8_t bits = 0;

    size_t size() const { return size_t{1} << bits; }
    Slot* slots() { return reinterpret_cast<Slot*>(this + 1); }
    const Slot* slots() const { return reinterpret_cast<const Slot*>(this + 1); }

    // Each slot of FROM 2^(BITS - from.bits) times.
    static Directory* Copy(const Directory& from, uint8_t bits) {
      Directory* directory = Make(bits);
      for (size_t i = 0; i < directory->size(); ++i) directory->slots()[i] = from.slots()[i >> (bits - from.bits)];
      return directory;
    }
    static Directory* Make(uint8_t bits) {
      Directory* directory = new (::operator new(sizeof(Directory) + (sizeof(Slot) << bits))) Directory;
      directory->bits = bits;
      for (size_t i = 0; i < directory->size(); ++i) new (&directory->slots()[i]) Slot;
      return directory;
    }
    static Directory* Clone(const Directory& from) { return Copy(from, from.bits); }
    static void Destroy(Directory* directory) {
      for (size_t i = 0; i < directory->size(); ++i) directory->slots()[i].~Slot();
      directory->~Directory();
      ::operator delete(directory);
    }
    // The first slot of the row that a page of DEPTH fills around INDEX, and the number of its slots.
    size_t RowStart(size_t index, int depth) const { return index & ~(RowSize(depth) - 1); }
    size_t RowSize(int depth) const { return size_t{1} << (bits - depth); }
  };
  static_assert(alignof(Page) >= 4 && alignof(Directory) >= 4);

  Slot top_;
};

template <typename T>
const T* PersistentSet<T>::Find(std::string_view key, uint64_t seed, LookupStats* stats) const {
  const Slot* slot = &top_;
  if (slot->kind() == Kind::kEmpty) return nullptr;
  CountPage(stats);
  if (slot->kind() == Kind::kItem) {
    std::string_view found = slot->item()->key();
    if (found.size() != key.size()) return nullptr;
    CountBytes(stats, key.size());
    return found == key ? slot->item() : nullptr;
  }
  uint64_t hash = HashKey(key, seed);
  for (int level = 0; slot->kind() == Kind::kDirectory; ++level) {
    slot = &slot->directory()->slots()[SlotOf(hash, level, slot->directory()->bits)];
  }
  if (slot->kind() == Kind::kEmpty) return nullptr;
  const Page& page = *slot->page();
  for (uint32_t i = 0; i < page.count; ++i) {
    if (page.entries()[i].hash != hash) continue;
    const T* item = page.entries()[i].item.get();
    CountBytes(stats, key.size());
    if (item->key() == key) return item;
  }
  return nullptr;
}

template <typename T>
void PersistentSet<T>::Insert(Ref<T> item, uint64_t seed) {
  uint64_t hash = HashKey(item->key(), seed);
  if (top_.kind() == Kind::kEmpty) {
    top_ = Slot(std::move(item));
    return;
  }
  if (top_.kind() == Kind::kItem) {
    Ref<T> first = top_.template Leave<T>();
    uint64_t first_hash = HashKey(first->key(), seed);
    Page* page = Page::Make(2, 0);
    page->Add(Entry{first_hash, std::move(first)});
    top_ = Slot(Ref<Page>(page));
  }
  InsertInto(top_, 0, Entry{hash, std::move(item)});
}

// SLOT holds a page that covers all of LEVEL's window, or a directory.
template <typename T>
void PersistentSet<T>::InsertInto(Slot& slot, int level, Entry entry) {
  if (slot.kind() == Kind::kPage) {
    Directory* wrapped = Directory::Make(0);
    wrapped->slots()[0] = std::move(slot);
    slot = Slot(Ref<Directory>(wrapped));
  }
  Ref<Directory> directory = slot.template Leave<Directory>();
  directory.Edit();
  for (;;) {
    Directory& edited = directory.EditInPlace();
    size_t index = edited.bits == 0 ? 0 : SlotOf(entry.hash, level, edited.bits);
    Slot& place = edited.slots()[index];
    if (place.kind() == Kind::kDirectory) {
      InsertInto(place, level + 1, std::move(entry));
      break;
    }
    bool may_overflow = level == kLastLevel && place.kind() == Kind::kPage && place.page()->depth == kWindow;
    if (place.kind() == Kind::kEmpty || place.page()->count < kPageItems || may_overflow) {
      AddToRange(edited, index, std::move(entry));
      break;
    }
    if (place.page()->depth == edited.bits && edited.bits < kWindow) {
      directory = Ref<Directory>(Directory::Copy(edited, static_cast<uint8_t>(edited.bits + 1)));
      continue;
    }
    SplitPage(edited, index, level);
  }
  // A directory of one slot was only the wrapping of a page.
  if (directory->bits == 0) {
    slot = std::move(directory.EditInPlace().slots()[0]);
  } else {
    slot = Slot(std::move(directory));
  }
}

template <typename T>
void PersistentSet<T>::AddToRange(Directory& directory, size_t index, Entry entry) {
  if (directory.slots()[index].kind() == Kind::kEmpty) {
    Page* page = Page::Make(1, directory.bits);
    page->Add(std::move(entry));
    directory.slots()[index] = Slot(Ref<Page>(page));
    return;
  }
  const Page& old = *directory.slots()[index].page();
  if (old.count < old.capacity) {
    EditRange(directory, index).Add(std::move(entry));
    return;
  }
  Page* page = Page::Copy(old, old.capacity < 4 ? old.capacity + 1 : old.capacity + 2);
  page->Add(std::move(entry));
  SetRange(directory, index, page->depth, Slot(Ref<Page>(page)));
}

// Makes room in the full page at INDEX: two pages in its row, or if its row is one slot, a directory for the next
// window.
template <typename T>
void PersistentSet<T>::SplitPage(Directory& directory, size_t index, int level) {
  Slot old = directory.slots()[index];
  const Page& page = *old.page();
  if (page.depth == kWindow) {
    Page* moved = Page::Clone(page);
    moved->depth = 0;
    Directory* next = Directory::Make(1);
    Slot both{Ref<Page>(moved)};
    next->slots()[0] = both;
    next->slots()[1] = both;
    directory.slots()[index] = Slot(Ref<Directory>(next));
    return;
  }
  uint8_t depth = page.depth + 1;
  Ref<Page> halves[2] = {Ref<Page>(Page::Make(kPageItems, depth)), Ref<Page>(Page::Make(kPageItems, depth))};
  for (uint32_t i = 0; i < page.count; ++i) {
    size_t half = SlotOf(page.entries()[i].hash, level, depth) & 1;
    halves[half].EditInPlace().Add(page.entries()[i]);
  }
  size_t start = directory.RowStart(index, page.depth);
  for (int half = 0; half < 2; ++half) {
    Slot slot = halves[half]->count == 0 ? Slot() : Slot(std::move(halves[half]));
    SetRange(directory, start + half * directory.RowSize(depth), depth, slot);
  }
}

template <typename T>
template <typename EditItem>
bool PersistentSet<T>::Edit(std::string_view key, uint64_t seed, EditItem edit) {
  if (Find(key, seed) == nullptr) return false;
  if (top_.kind() == Kind::kItem) {
    Ref<T> item = top_.template Leave<T>();
    edit(item);
    top_ = Slot(std::move(item));
    return true;
  }
  uint64_t hash = HashKey(key, seed);
  if (top_.kind() == Kind::kPage) {
    Ref<Page> page = top_.template Leave<Page>();
    Page& edited = page.Edit();
    edit(edited.entries()[edited.IndexOf(hash, key)].item);
    top_ = Slot(std::move(page));
    return true;
  }
  Slot* slot = &top_;
  Directory* directory = nullptr;
  size_t index = 0;
  for (int level = 0; slot->kind() == Kind::kDirectory; ++level) {
    Ref<Directory> owner = slot->template Leave<Directory>();
    directory = &owner.Edit();
    *slot = Slot(std::move(owner));
    index = SlotOf(hash, level, directory->bits);
    slot = &directory->slots()[index];
  }
  Page& page = EditRange(*directory, index);
  edit(page.entries()[page.IndexOf(hash, key)].item);
  return true;
}

template <typename T>
bool PersistentSet<T>::Erase(std::string_view key, uint64_t seed) {
  if (Find(key, seed) == nullptr) return false;
  EraseFrom(top_, 0, HashKey(key, seed), key);
  if (top_.kind() == Kind::kPage && top_.page()->count == 1) {
    Ref<T> last = top_.page()->entries()[0].item;
    top_ = Slot(std::move(last));
  }
  return true;
}

// REQUIRES: the item is there. Leaves SLOT empty, a page that covers all of LEVEL's window, or a directory.
template <typename T>
void PersistentSet<T>::EraseFrom(Slot& slot, int level, uint64_t hash, std::string_view key) {
  if (slot.kind() == Kind::kItem) {
    slot = Slot();
    return;
  }
  if (slot.kind() == Kind::kPage) {
    Directory* wrapped = Directory::Make(0);
    wrapped->slots()[0] = std::move(slot);
    slot = Slot(Ref<Directory>(wrapped));
  }
  Ref<Directory> directory = slot.template Leave<Directory>();
  Directory& edited = directory.Edit();
  size_t index = edited.bits == 0 ? 0 : SlotOf(hash, level, edited.bits);
  Slot& place = edited.slots()[index];
  if (place.kind() == Kind::kDirectory) {
    EraseFrom(place, level + 1, hash, key);
    if (place.kind() == Kind::kPage) {
      Ref<Page> page = place.template Leave<Page>();
      page.Edit().depth = edited.bits;
      place = Slot(std::move(page));
    }
  } else {
    EraseInDirectory(edited, index, hash, key);
  }
  bool one_row = true;
  for (size_t i = 1; i < edited.size(); ++i) one_row = one_row && edited.slots()[i].same(edited.slots()[0]);
  if (one_row && edited.slots()[0].kind() != Kind::kDirectory) {
    slot = edited.slots()[0];
  } else {
    slot = Slot(std::move(directory));
  }
}

template <typename T>
void PersistentSet<T>::EraseInDirectory(Directory& directory, size_t index, uint64_t hash, std::string_view key) {
  Page& page = EditRange(directory, index);
  page.Remove(static_cast<uint32_t>(page.IndexOf(hash, key)));
  if (page.count == 0) {
    SetRange(directory, index, page.depth, Slot());
    return;
  }
  MergeWithBuddy(directory, index);
}

// Joins the page at INDEX with the other half of the row that they were split from, while both together are half full.
template <typename T>
void PersistentSet<T>::MergeWithBuddy(Directory& directory, size_t index) {
  for (;;) {
    const Page& page = *directory.slots()[index].page();
    if (page.depth == 0) return;
    size_t row = directory.RowSize(page.depth);
    size_t buddy = directory.RowStart(index, page.depth) ^ row;
    const Slot& other = directory.slots()[buddy];
    if (other.kind() == Kind::kDirectory) return;
    bool empty = other.kind() == Kind::kEmpty;
    for (size_t i = 1; empty && i < row; ++i) empty = directory.slots()[buddy + i].kind() == Kind::kEmpty;
    if (!empty && (other.kind() == Kind::kEmpty || other.page()->depth != page.depth)) return;
    uint32_t count = page.count + (empty ? 0 : other.page()->count);
    if (count > kPageItems / 2) return;
    Page* merged = Page::Copy(page, kPageItems / 2);
    for (uint32_t i = 0; !empty && i < other.page()->count; ++i) merged->Add(other.page()->entries()[i]);
    --merged->depth;
    SetRange(directory, index, merged->depth, Slot(Ref<Page>(merged)));
  }
}

// The page at INDEX for an edit. DIRECTORY is not shared; its page is if more than the slots of its row own it.
template <typename T>
typename PersistentSet<T>::Page& PersistentSet<T>::EditRange(Directory& directory, size_t index) {
  const Page& page = *directory.slots()[index].page();
  if (page.owners() != directory.RowSize(page.depth)) {
    SetRange(directory, index, page.depth, Slot(Ref<Page>(Page::Clone(page))));
  }
  return const_cast<Page&>(*directory.slots()[index].page());
}

template <typename T>
void PersistentSet<T>::SetRange(Directory& directory, size_t index, int depth, const Slot& slot) {
  size_t start = directory.RowStart(index, depth);
  for (size_t i = 0; i < directory.RowSize(depth); ++i) directory.slots()[start + i] = slot;
}

}  // namespace penstock::router
