// A function that returns nothing.
// expect: global-return-type
#include "bpf.h"
LICENSE("GPL");

int last;

__noinline void note(int x)
{
	last = x;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	note(skb->len);
	return 0;
}
