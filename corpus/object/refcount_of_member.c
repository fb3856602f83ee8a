// Another reference, by a member of the object.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

struct thing { u64 a, b; struct bpf_refcount refs; };

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct thing *t = bpf_obj_new(struct thing), *u;

	if (!t)
		return 0;
	u = bpf_refcount_acquire_impl(&t->b, NULL);
	bpf_obj_drop(t);
	if (u)
		bpf_obj_drop(u);
	return 0;
}
