// The size of what a pointer points to must be known.
// expect: global-arg-size
#include "bpf.h"
LICENSE("GPL");

struct unknown;

__noinline int look(struct unknown *p)
{
	barrier_var(p);
	return p != NULL;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	return look(NULL);
}
