// The declaration puts a program of another type into the array.
#include "bpf.h"
LICENSE("GPL");
static long (*tail_call)(void *, void *, u32) = (void *)12;
int classify(void *);
struct { __uint(type, PROG_ARRAY); __uint(max_entries, 2); __uint(key_size, 4); __array(values, int(void *)); }
jumps SEC(".maps") = { .values = { [1] = (void *)&classify } };
SEC("tc") int classify(void *ctx) { return 0; }
SEC("xdp") int enter(void *ctx) { tail_call(ctx, &jumps, 1); return 2; }
