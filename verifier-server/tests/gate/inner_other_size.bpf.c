// The map that is put into the outer one has more entries than the template says.
#include "bpf.h"
LICENSE("GPL");
static void *(*lookup)(void *, const void *) = (void *)1;
struct template { __uint(type, ARRAY); __uint(max_entries, 4); __type(key, u32); __type(value, u64); };
struct { __uint(type, ARRAY); __uint(max_entries, 8); __type(key, u32); __type(value, u64); } odd SEC(".maps");
struct { __uint(type, ARRAY_OF_MAPS); __uint(max_entries, 1); __type(key, u32); __array(values, struct template); }
outer SEC(".maps") = { .values = { [0] = (void *)&odd } };
SEC("xdp") int look(void *ctx) { u32 key = 0; return lookup(&outer, &key) ? 2 : 1; }
