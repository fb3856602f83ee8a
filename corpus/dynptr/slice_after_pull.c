// Packet data that moved takes the slices with it.
// expect: mem-invalid-access
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
	bpf_skb_pull_data(skb, 64);
	return eth ? eth[12] : 0;
}
