// A slice that is not for writing.
// expect: mem-read-only
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
		eth[12] = 0;
	return 0;
}
