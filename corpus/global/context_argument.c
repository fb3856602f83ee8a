// The context may be passed on.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

__noinline int take(struct __sk_buff *skb)
{
	return skb->len;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	return take(skb);
}
