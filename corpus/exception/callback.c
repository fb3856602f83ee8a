// A function of one's own that makes the result.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

__noinline int caught(u64 cookie)
{
	return cookie & 1;
}

SEC("tc")
__tag("exception_callback:caught")
int prog(struct __sk_buff *skb)
{
	bpf_throw(skb->len);
	return 0;
}
