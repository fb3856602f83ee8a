// A dynptr that was never made.
// expect: dynptr-not-init
#include "bpf.h"
LICENSE("GPL");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct bpf_dynptr p;
	u64 x = 0;

	bpf_dynptr_read(&x, sizeof x, &p, 0, 0);
	return x;
}
