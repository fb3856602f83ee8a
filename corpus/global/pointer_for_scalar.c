// A pointer given for a number.
// expect: global-pass-scalar
#include "bpf.h"
LICENSE("GPL");

__noinline int take(u64 x)
{
	return x >> 3;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	return take((u64)skb);
}
