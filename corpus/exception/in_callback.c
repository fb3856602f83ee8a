// Not out of a callback.
// expect: cb-throw
#include "bpf.h"
LICENSE("GPL");

static int step(u32 i, void *ctx)
{
	bpf_throw(i);
	return 0;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	bpf_loop(8, step, NULL, 0);
	return 0;
}
