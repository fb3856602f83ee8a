/* Types of a program whose exception callback is static. */
#include "bpf.h"

static __noinline __attribute__((used)) int caught(u64 cookie)
{
	return cookie & 1;
}

SEC("tc")
__tag("exception_callback:caught")
int prog(struct __sk_buff *skb)
{
	return 0;
}
