// A trie that asks for its memory in advance.
#include "bpf.h"
LICENSE("GPL");
static void *(*lookup)(void *, const void *) = (void *)1;
struct { __uint(type, LPM_TRIE); __uint(key_size, 8); __uint(value_size, 8); __uint(max_entries, 4); } routes SEC(".maps");
SEC("tc") int route(void *ctx) { u64 key = 0; return lookup(&routes, &key) != 0; }
