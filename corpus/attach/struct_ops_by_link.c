// Operations of the kernel that a link attaches.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

struct tcp_congestion_ops {
	u32 (*ssthresh)(struct sock *sk);
	char name[16];
} __core;

SEC("struct_ops")
u32 limit(u64 *ctx)
{
	return 2;
}

SEC(".struct_ops.link")
struct tcp_congestion_ops ops = { .ssthresh = (void *)limit, .name = "corpus" };
