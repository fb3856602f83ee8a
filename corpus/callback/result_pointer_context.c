// A callback returns a number, not a pointer that it was given.
// expect: call-callback-return-type
#include "bpf.h"
LICENSE("GPL");

static void *same(u32 i, void **ctx)
{
	return *ctx;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	void *p = skb;

	bpf_loop(8, same, &p, 0);
	return 0;
}
