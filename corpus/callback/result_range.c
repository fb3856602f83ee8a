// A callback says 0 (go on) or 1 (stop).
// expect: return-range
#include "bpf.h"
LICENSE("GPL");

static int two(u32 i, void *ctx)
{
	return 2;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	bpf_loop(8, two, NULL, 0);
	return 0;
}
