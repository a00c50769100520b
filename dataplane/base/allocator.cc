// The options of jemalloc, which a program that links this target gets as its allocator.
//
// thp:always puts the heap on huge pages. A lookup among a million routes touches a dozen cache lines all over a heap
// of some 300 MB: with pages of 4 KiB each touch also misses the TLB, and a lookup takes twice the time.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "thp:always,metadata_thp:auto";
}
