// A queueing discipline gets a packet to keep or to give back, and does neither.
// expect: ref-leak
#include "bpf.h"
LICENSE("GPL");

struct Qdisc_ops {
	int (*enqueue)(struct sk_buff *skb, void *sch, void *to_free);
	char id[16];
} __core;

SEC("struct_ops")
int enqueue(u64 *ctx)
{
	return 1;
}

SEC(".struct_ops")
struct Qdisc_ops ops = { .enqueue = (void *)enqueue, .id = "corpus" };
