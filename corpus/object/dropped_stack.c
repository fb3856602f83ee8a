// Only what was allocated is dropped.
// expect: kfunc-arg-not-trusted
#include "bpf.h"
LICENSE("GPL");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u64 x = 0;

	bpf_obj_drop(&x);
	return 0;
}
