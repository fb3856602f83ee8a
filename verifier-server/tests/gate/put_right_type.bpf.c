// Programs and maps that declarations put into maps, as they should be.
#include "bpf.h"
LICENSE("GPL");
static long (*tail_call)(void *, void *, u32) = (void *)12;
static void *(*lookup)(void *, const void *) = (void *)1;
struct counters { __uint(type, ARRAY); __uint(max_entries, 4); __type(key, u32); __type(value, u64); } one SEC(".maps");
struct { __uint(type, ARRAY_OF_MAPS); __uint(max_entries, 1); __type(key, u32); __array(values, struct counters); }
outer SEC(".maps") = { .values = { [0] = &one } };
int drop(void *);
struct { __uint(type, PROG_ARRAY); __uint(max_entries, 2); __uint(key_size, 4); __array(values, int(void *)); }
jumps SEC(".maps") = { .values = { [1] = (void *)&drop } };
SEC("xdp") int drop(void *ctx) { return 1; }
SEC("xdp") int enter(void *ctx) { u32 key = 0; if (!lookup(&outer, &key)) return 0; tail_call(ctx, &jumps, 1); return 2; }
