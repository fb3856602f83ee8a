// It takes the cookie, one number.
// expect: global-exception-args
#include "bpf.h"
LICENSE("GPL");

__noinline int caught(u64 cookie, u64 more)
{
	return (cookie + more) & 1;
}

SEC("tc")
__tag("exception_callback:caught")
int prog(struct __sk_buff *skb)
{
	bpf_throw(skb->len);
	return 0;
}
