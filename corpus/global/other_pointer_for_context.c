// The stack given for the context.
// expect: global-pass-ctx
#include "bpf.h"
LICENSE("GPL");

__noinline int take(struct __sk_buff *skb)
{
	return skb->len;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u64 x = skb->len;
	barrier_var(x);
	return take((void *)&x);
}
