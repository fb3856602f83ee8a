/* The loop has an end, only too late for the verifier. */
// suggestion: fix-bound-loop
// kernels 6.18.44: rejected E2BIG; fixed: accepted
#include "bpf.h"

SEC("tc")
int mix(struct __sk_buff *skb)
{
	u32 h = skb->len;

	for (int i = 0; i < 30000; i++) { // rejected
		h *= 31;
		h ^= h >> 7;
		asm volatile("" : "+r"(h));
	}
	return h & 1;
}
