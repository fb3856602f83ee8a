// One is enough.
// expect: exception-cb-many
#include "bpf.h"
LICENSE("GPL");

__noinline int caught(u64 cookie)
{
	return cookie & 1;
}
__noinline int caught2(u64 cookie)
{
	return cookie & 1;
}

SEC("tc")
__tag("exception_callback:caught")
__tag("exception_callback:caught2")
int prog(struct __sk_buff *skb)
{
	bpf_throw(skb->len);
	return 0;
}
