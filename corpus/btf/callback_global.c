/* Types of a program with an exception callback. */
#include "bpf.h"

__noinline int caught(u64 cookie)
{
	return cookie & 1;
}

SEC("tc")
__tag("exception_callback:caught")
int prog(struct __sk_buff *skb)
{
	return 0;
}
