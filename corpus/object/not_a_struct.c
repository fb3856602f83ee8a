// Objects are structs.
// expect: kfunc-obj-new-type
#include "bpf.h"
LICENSE("GPL");

typedef u64 number;

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u64 *t = bpf_obj_new(number);

	if (t)
		bpf_obj_drop(t);
	return 0;
}
