// Less memory than the type of the argument says.
// expect: mem-stack-range
#include "bpf.h"
LICENSE("GPL");

struct big { u64 a[8]; };

__noinline int first(struct big *b)
{
	return b ? b->a[0] : 0;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u64 x = skb->len;
	barrier_var(x);
	return first((void *)&x);
}
