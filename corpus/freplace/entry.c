// The program itself can be replaced.
// expect: accepted
// replaces: target.o
#include "bpf.h"
LICENSE("GPL");

SEC("freplace/entry")
int with(struct __sk_buff *skb)
{
	return skb->mark;
}
