// One type, two hooks: an array of programs belongs to one of them.
#include "bpf.h"
LICENSE("GPL");
static long (*tail_call)(void *, void *, u32) = (void *)12;
struct { __uint(type, PROG_ARRAY); __uint(max_entries, 2); __type(key, u32); __type(value, u32); } jumps SEC(".maps");
SEC("cgroup/connect4") int to_v4(void *ctx) { tail_call(ctx, &jumps, 0); return 1; }
SEC("cgroup/connect6") int to_v6(void *ctx) { tail_call(ctx, &jumps, 0); return 1; }
