// It is not called by the program itself.
// expect: exc-cb-call
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
	return caught(5);
}
