/* Nothing limits the quotient; the compiler would compare what was divided. */
// suggestion: fix-upper-bound
// kernels 6.18.44: rejected EINVAL; fixed: accepted
#include "bpf.h"

u32 histogram[16];

SEC("tc")
int lengths(struct __sk_buff *skb)
{
	u32 slot = skb->len / 100; // cause: established

	asm volatile("" : "+r"(slot));
	if (slot >= 16)
		return 0;
	histogram[slot]++;
	return 0;
}
