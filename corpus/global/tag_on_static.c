// Tags of static functions are refused when the function is only reached through a callback or not walked inline.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

static __noinline int take(int *p __tag("arg:nonnull"))
{
	return *p;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	int x = skb->len;
	return take(&x);
}
