/* The function is chosen by a number, and called through a table. */
// suggestion: fix-direct-call
// kernels 6.18.44: rejected EINVAL; fixed: accepted
#include "bpf.h"

static __noinline int one(int x)
{
	return x + 1;
}
static __noinline int two(int x)
{
	return x * 2;
}
static int (*volatile choice)(int) = one;

SEC("tc")
int choose(struct __sk_buff *skb)
{
	

	return skb->mark & 1 ? one(skb->len) : two(skb->len); // rejected
}
