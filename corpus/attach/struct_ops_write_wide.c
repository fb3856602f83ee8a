// A field is not written beyond its end.
// expect: mem-btf-write-beyond
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
	u64 *field = (u64 *)&tp->snd_ssthresh;

	barrier_var(field);
	*field = 10;
	return 2;
}

SEC(".struct_ops")
struct tcp_congestion_ops ops = { .ssthresh = (void *)limit, .name = "corpus" };
