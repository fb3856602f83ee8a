// No program uses the map that the kernel refuses; the object does not load all the same.
#include "bpf.h"
LICENSE("GPL");
struct { __uint(type, PERF_EVENT_ARRAY); __uint(key_size, 4); __uint(value_size, 8); __uint(max_entries, 4); } events SEC(".maps");
SEC("xdp") int pass(void *ctx) { return 2; }
