// An object of the program's own.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

struct thing { u64 a, b; };

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct thing *t = bpf_obj_new(struct thing);
	u64 x;

	if (!t)
		return 0;
	t->b = skb->len;
	x = t->a;
	bpf_obj_drop(t);
	return x != 0;
}
