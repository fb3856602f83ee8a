// Once asked, memory of the size of the type may be read and written.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

__noinline int get(int *p)
{
	if (!p)
		return 0;
	*p += 1;
	return *p;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	int x = skb->len;
	return get(&x);
}
