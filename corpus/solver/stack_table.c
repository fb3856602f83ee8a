// A table on the stack, and an index that includes its length.
// expect: mem-stack-variable-range
#include "bpf.h"
LICENSE("GPL");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u8 table[16] = {};
	u32 n = skb->hash % 17;

	barrier_var(n);
	if (n > 16)
		return 0;
	table[n] = 1;
	barrier();
	return table[skb->priority & 15];
}
