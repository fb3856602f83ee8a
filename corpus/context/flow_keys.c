// The dissector's keys.
// expect: mem-flow-keys
#include "bpf.h"
LICENSE("GPL");

SEC("flow_dissector")
int prog(struct __sk_buff *skb)
{
	struct bpf_flow_keys *keys = skb->flow_keys;

	return ((volatile char *)keys)[200];
}
