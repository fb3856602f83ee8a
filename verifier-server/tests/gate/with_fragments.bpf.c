// Two programs jump through one array: one takes packets in fragments, the other does not.
#include "bpf.h"
LICENSE("GPL");
struct { __uint(type, PROG_ARRAY); __uint(max_entries, 2); __uint(key_size, 4); __uint(value_size, 4); } jumps SEC(".maps");
SEC("xdp") int whole(struct xdp_md *ctx) { bpf_tail_call(ctx, &jumps, 0); return 2; }
SEC("xdp.frags") int pieces(struct xdp_md *ctx) { bpf_tail_call(ctx, &jumps, 1); return 2; }
