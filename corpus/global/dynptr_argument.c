// A dynptr as argument.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

__noinline int size(const struct bpf_dynptr *p)
{
	return bpf_dynptr_size(p);
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct bpf_dynptr p;

	bpf_dynptr_from_skb(skb, 0, &p);
	return size(&p);
}
