// A stack pointer is none of an arena.
// expect: global-pass-arena
#include "bpf.h"
LICENSE("GPL");

__noinline int take(int *p __tag("arg:arena"))
{
	return p != NULL;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	int x = skb->len;
	barrier_var(x);
	return take(&x);
}
