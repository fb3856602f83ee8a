// Programs of two types share an array of programs to jump to.
#include "bpf.h"
LICENSE("GPL");
static long (*tail_call)(void *, void *, u32) = (void *)12;
struct { __uint(type, PROG_ARRAY); __uint(max_entries, 2); __type(key, u32); __type(value, u32); } jumps SEC(".maps");
SEC("tc") int from_stack(void *ctx) { tail_call(ctx, &jumps, 0); return 0; }
SEC("xdp") int from_device(void *ctx) { tail_call(ctx, &jumps, 0); return 2; }
