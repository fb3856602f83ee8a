// A global function throws, and its caller holds something.
// expect: accepted
#include "bpf.h"
#include "ringbuf_map.h"

__noinline int fail(u64 n)
{
	if (n > 7)
		bpf_throw(n);
	return 0;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	void *p = bpf_ringbuf_reserve(&rb, 8, 0);

	if (!p)
		return 0;
	fail(skb->len);
	bpf_ringbuf_discard(p, 0);
	return 0;
}
