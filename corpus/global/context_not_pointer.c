// A number tagged as context.
// expect: global-tag-not-pointer
#include "bpf.h"
LICENSE("GPL");

__noinline int take(u64 ctx __tag("arg:ctx"))
{
	return ctx >> 2;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	return take((u64)skb);
}
