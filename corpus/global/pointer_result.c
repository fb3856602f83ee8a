// A global function may not return a pointer.
// expect: global-return-type
#include "bpf.h"
LICENSE("GPL");

__noinline void *same(struct __sk_buff *skb)
{
	barrier_var(skb);
	return skb;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	void *p = same(skb);
	barrier_var(p);
	return p != NULL;
}
