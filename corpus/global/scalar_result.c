// A global function is verified on its own, for any argument, and its result is any number.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

__noinline int twice(int x)
{
	barrier_var(x);
	return x + x;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	return twice(skb->len) & 1;
}
