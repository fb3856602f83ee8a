// Packets as dynptrs; a slice may be a copy in the buffer given.
// expect: accepted
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
	return eth ? eth[12] : 0;
}
