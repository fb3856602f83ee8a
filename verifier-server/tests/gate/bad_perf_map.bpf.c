// Values of a perf event array are file descriptors.
#include "bpf.h"
LICENSE("GPL");
static long (*output)(void *, void *, u64, void *, u64) = (void *)25;
struct { __uint(type, PERF_EVENT_ARRAY); __uint(key_size, 4); __uint(value_size, 8); __uint(max_entries, 4); } events SEC(".maps");
SEC("tc") int emit(void *ctx) { u64 x = 1; return output(ctx, &events, 0, &x, sizeof(x)); }
