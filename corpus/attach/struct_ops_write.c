// Few fields of a socket may be written.
// expect: mem-btf-no-write
#include "bpf.h"
LICENSE("GPL");

struct tcp_congestion_ops {
	u32 (*ssthresh)(struct sock *sk);
	char name[16];
} __core;

SEC("struct_ops")
u32 limit(u64 *ctx)
{
	struct tcp_sock *tp = (void *)ctx[0];

	tp->srtt_us = 0;
	return 2;
}

SEC(".struct_ops")
struct tcp_congestion_ops ops = { .ssthresh = (void *)limit, .name = "corpus" };
