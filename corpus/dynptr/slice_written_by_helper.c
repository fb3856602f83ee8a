// A slice that is only read, given to a helper that writes.
// expect: call-arg-type
#include "bpf.h"
LICENSE("GPL");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct bpf_dynptr p;
	u8 buf[14], *eth;

	if (bpf_dynptr_from_skb(skb, 0, &p))
		return 0;
	eth = bpf_dynptr_slice(&p, 0, buf, sizeof buf);
	if (eth)
		bpf_skb_load_bytes(skb, 0, eth, 14);
	return 0;
}
