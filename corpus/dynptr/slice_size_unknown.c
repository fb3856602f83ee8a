// The size of a slice is a constant.
// expect: kfunc-arg-not-constant
#include "bpf.h"
LICENSE("GPL");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct bpf_dynptr p;
	u8 buf[64], *eth;
	u32 n = skb->len & 31;

	if (bpf_dynptr_from_skb(skb, 0, &p))
		return 0;
	eth = bpf_dynptr_slice(&p, 0, buf, n);
	return eth != NULL;
}
