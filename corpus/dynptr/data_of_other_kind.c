// A part of a packet is asked as a slice, not as data.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct bpf_dynptr p;
	u64 *d;

	bpf_dynptr_from_skb(skb, 0, &p);
	d = bpf_dynptr_data(&p, 0, 8);
	return d ? *d : 0;
}
