// The declaration puts in a program that is not loaded unless somebody asks for it.
#include "bpf.h"
LICENSE("GPL");
static long (*tail_call)(void *, void *, u32) = (void *)12;
int spare(void *);
struct { __uint(type, PROG_ARRAY); __uint(max_entries, 1); __uint(key_size, 4); __array(values, int(void *)); }
jumps SEC(".maps") = { .values = { [0] = (void *)&spare } };
SEC("?xdp") int spare(void *ctx) { return 1; }
SEC("xdp") int enter(void *ctx) { tail_call(ctx, &jumps, 0); return 2; }
