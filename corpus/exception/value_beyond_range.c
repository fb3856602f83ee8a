// A global function throws what the program may not return.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

__noinline int fail(u64 n)
{
	if (n > 7)
		bpf_throw(64);
	return 0;
}

SEC("cgroup_skb/ingress")
int prog(struct __sk_buff *skb)
{
	fail(skb->len);
	return 1;
}
