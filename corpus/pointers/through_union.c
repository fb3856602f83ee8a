// A packet that stands in a union with something else.
// expect: call-arg-type
#include "bpf.h"
LICENSE("GPL");

HELPER(long, bpf_skb_output, 111, struct sk_buff *skb, void *map, u64 flags, const void *data, u64 size);

struct {
	__uint(type, PERF_EVENT_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__uint(value_size, 4);
} events SEC(".maps");

struct sk_buff___linked { struct sk_buff *next; } __core;

SEC("tp_btf/kfree_skb")
int prog(u64 *ctx)
{
	struct sk_buff___linked *skb = (void *)ctx[0];
	u64 seen = 1;

	return bpf_skb_output(skb->next, &events, 0, &seen, sizeof seen);
}
