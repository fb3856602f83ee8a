/* To a global function, a pointer to an int is one int. */
// suggestion: fix-global-argument
// kernels 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

__noinline int pick(int *a, u32 i)
{
	if (!a || i >= 4)
		return 0;
	return a[i]; // rejected
}

SEC("tc")
int choose(struct __sk_buff *skb)
{
	int x[4] = { 1, 2, 3, 4 };

	return pick(x, skb->len & 3);
}
