// Read and written.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

SEC("flow_dissector")
int prog(struct __sk_buff *skb)
{
	struct bpf_flow_keys *keys = skb->flow_keys;

	keys->nhoff = 14;
	return keys->thoff == 0;
}
