// Something else for the context.
// expect: kfunc-arg-not-ctx
#include "bpf.h"
LICENSE("GPL");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct bpf_dynptr p;
	u64 x = 0;

	bpf_dynptr_from_skb((void *)&x, 0, &p);
	return 0;
}
