// Five arguments fit into registers. A sixth without size takes none, and the compiler is content; the verifier counts it.
// expect: global-too-many-args
// expect-6.18: global-too-many-args
#include "bpf.h"
LICENSE("GPL");

struct nothing {};

__noinline int add(int a, int b, int c, int d, int e, struct nothing f)
{
	barrier_var(a);
	return a + b + c + d + e;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct nothing f = {};

	return add(skb->len, skb->mark, skb->priority, skb->hash, skb->protocol, f);
}
