// Something that is no object at all.
// expect: kfunc-arg-not-ref
#include "bpf.h"
LICENSE("GPL");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	bpf_refcount_acquire_impl(skb, NULL);
	return 0;
}
