// An entry is written after it was given away.
// expect: mem-invalid-access
#include "bpf.h"
LICENSE("GPL");

struct { __uint(type, RINGBUF); __uint(max_entries, 4096); } events SEC(".maps");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u64 *e = bpf_ringbuf_reserve(&events, 24, 0);

	if (!e)
		return 0;
	bpf_ringbuf_submit(e, 0);
	e[1] = skb->mark;
	return 0;
}
