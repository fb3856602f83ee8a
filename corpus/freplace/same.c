// A function of the same type.
// expect: accepted
// replaces: target.o
#include "bpf.h"
LICENSE("GPL");

SEC("freplace/count")
int with(struct __sk_buff *skb)
{
	return skb->mark;
}
