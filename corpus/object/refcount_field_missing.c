// An object without a count has one owner.
// expect: kfunc-arg-no-refcount
#include "bpf.h"
LICENSE("GPL");

struct thing { u64 a; struct bpf_list_node node; };

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct thing *t = bpf_obj_new(struct thing), *u;

	if (!t)
		return 0;
	u = bpf_refcount_acquire_impl(t, NULL);
	bpf_obj_drop(t);
	if (u)
		bpf_obj_drop(u);
	return 0;
}
