// A pointer argument of a global function may be null unless it is asked.
// expect: mem-invalid-access
#include "bpf.h"
LICENSE("GPL");

__noinline int get(int *p)
{
	return *p;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	int x = skb->len;
	return get(&x);
}
