// Structs by value cannot be arguments of global functions.
// expect: global-arg-type
#include "bpf.h"
LICENSE("GPL");

struct pair { int a, b; };

__noinline int sum(struct pair p)
{
	return p.a + p.b;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct pair p = { skb->len, skb->mark };
	return sum(p);
}
