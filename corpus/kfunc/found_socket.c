// A socket that was found on the way from a trusted one, for a function that says nothing of trust.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

struct request_sock { struct sock *sk; } __core;
struct tcp_sock___open { struct request_sock *fastopen_rsk; } __core;
struct tcp_congestion_ops {
	u32 (*ssthresh)(struct sock *sk);
	char name[16];
} __core;

SEC("struct_ops")
u32 limit(u64 *ctx)
{
	struct tcp_sock___open *tp = (void *)ctx[0];

	return tcp_reno_ssthresh(tp->fastopen_rsk->sk);
}

SEC(".struct_ops")
struct tcp_congestion_ops ops = { .ssthresh = (void *)limit, .name = "corpus" };
