// The tag says that no caller passes null.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

__noinline int get(int *p __tag("arg:nonnull"))
{
	return *p;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	int x = skb->len;
	return get(&x);
}
