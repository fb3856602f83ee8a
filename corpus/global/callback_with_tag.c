// A tag means nothing for a static function that is a callback.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

static int step(u32 i, u64 *x __tag("arg:nonnull"))
{
	*x += i;
	return 0;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u64 x = 0;

	bpf_loop(3, step, &x, 0);
	return x & 1;
}
