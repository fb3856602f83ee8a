// When the window was last changed is among what congestion control may set.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

struct tcp_sock___stamped { u32 snd_cwnd_stamp; } __core;
struct tcp_congestion_ops {
	u32 (*ssthresh)(struct sock *sk);
	char name[16];
} __core;

SEC("struct_ops")
u32 limit(u64 *ctx)
{
	struct tcp_sock___stamped *tp = (void *)ctx[0];

	tp->snd_cwnd_stamp = 1;
	return 2;
}

SEC(".struct_ops")
struct tcp_congestion_ops ops = { .ssthresh = (void *)limit, .name = "corpus" };
