// How a socket is paced is among what congestion control may set.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

struct sock___paced { u32 sk_pacing_status; } __core;
struct tcp_congestion_ops {
	u32 (*ssthresh)(struct sock *sk);
	char name[16];
} __core;

SEC("struct_ops")
u32 limit(u64 *ctx)
{
	struct sock___paced *sk = (void *)ctx[0];

	sk->sk_pacing_status = 1;
	return 2;
}

SEC(".struct_ops")
struct tcp_congestion_ops ops = { .ssthresh = (void *)limit, .name = "corpus" };
