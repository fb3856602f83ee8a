// The entry that was reserved is shorter than what is written.
// expect: mem-region-range
#include "bpf.h"
LICENSE("GPL");

struct { __uint(type, RINGBUF); __uint(max_entries, 4096); } events SEC(".maps");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u64 *e = bpf_ringbuf_reserve(&events, 24, 0);
	u32 n = skb->mark & 3;

	if (!e)
		return 0;
	e[n] = 1;
	bpf_ringbuf_submit(e, 0);
	return 0;
}
