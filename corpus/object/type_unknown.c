// Which type must be known.
// expect: kfunc-arg-not-constant
#include "bpf.h"
LICENSE("GPL");

struct thing { u64 a, b; };

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct thing *t = bpf_obj_new_impl(skb->len, NULL);

	if (t)
		bpf_obj_drop(t);
	return 0;
}
