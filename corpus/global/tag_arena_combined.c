// The arena tag stands alone.
// expect: global-tag-arena
#include "bpf.h"
LICENSE("GPL");

__noinline int take(int *p __tag("arg:arena") __tag("arg:nonnull"))
{
	barrier_var(p);
	return p != NULL;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	return take(NULL);
}
