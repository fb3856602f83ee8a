// An exception ends the program from a function.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

static __noinline int check(u32 x)
{
	if (x > 5)
		bpf_throw(x);
	return x;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	return check(skb->len);
}
