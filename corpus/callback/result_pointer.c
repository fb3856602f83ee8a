// A callback returns a number.
// expect: call-return-stack
#include "bpf.h"
LICENSE("GPL");

static void *same(u32 i, void *ctx)
{
	return ctx;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u64 x = 0;
	bpf_loop(8, same, &x, 0);
	return 0;
}
