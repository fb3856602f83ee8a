// Tagged, a context must have the type that the program type has.
// expect: global-ctx-type
#include "bpf.h"
LICENSE("GPL");

struct mine { u32 len; };

__noinline int take(struct mine *skb __tag("arg:ctx"))
{
	return skb->len;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	return take((void *)skb);
}
