// Congestion control.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

struct tcp_congestion_ops {
	void (*init)(struct sock *sk);
	u32 (*ssthresh)(struct sock *sk);
	u32 (*undo_cwnd)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, u32 ack, u32 acked);
	char name[16];
} __core;

SEC("struct_ops")
u32 limit(u64 *ctx)
{
	struct tcp_sock *tp = (void *)ctx[0];

	return tp->snd_cwnd / 2;
}

SEC(".struct_ops")
struct tcp_congestion_ops ops = { .ssthresh = (void *)limit, .name = "corpus" };
