// A dynptr of stack memory.
// expect: call-dynptr-source
#include "bpf.h"
LICENSE("GPL");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct bpf_dynptr p;
	u64 x[2] = {};

	bpf_dynptr_from_mem(x, 16, 0, &p);
	return 0;
}
