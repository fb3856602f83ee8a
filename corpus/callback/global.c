// A callback must be static.
// expect: callback-not-static
#include "bpf.h"
LICENSE("GPL");

__noinline int step(u32 i, void *ctx)
{
	return 0;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	bpf_loop(8, step, NULL, 0);
	return 0;
}
