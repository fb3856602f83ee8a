// Control group programs do not write packets.
// expect: kfunc-packet-write
#include "bpf.h"
LICENSE("GPL");

SEC("cgroup_skb/egress")
int prog(struct __sk_buff *skb)
{
	struct bpf_dynptr p;
	u8 buf[14], *eth;

	if (bpf_dynptr_from_skb(skb, 0, &p))
		return 0;
	eth = bpf_dynptr_slice_rdwr(&p, 0, buf, sizeof buf);
	return eth ? 1 : 0;
}
