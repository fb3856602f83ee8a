// Its result is the program's.
// expect: return-range
#include "bpf.h"
LICENSE("GPL");

__noinline int caught(u64 cookie)
{
	return 77;
}

SEC("cgroup_skb/egress")
__tag("exception_callback:caught")
int prog(struct __sk_buff *skb)
{
	bpf_throw(skb->len);
	return 0;
}
