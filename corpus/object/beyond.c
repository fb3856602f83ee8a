// It is as large as its type.
// expect: mem-btf-beyond-struct
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
	x = *(volatile u64 *)(t + 1);
	bpf_obj_drop(t);
	return x != 0;
}
