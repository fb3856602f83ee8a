// Loops inside of loops.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

static int inner(u32 i, u64 *n)
{
	*n += i;
	return 0;
}

static int outer(u32 i, u64 *n)
{
	bpf_loop(4, inner, n, 0);
	return 0;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u64 n = 0;

	bpf_loop(4, outer, &n, 0);
	return n > 10;
}
