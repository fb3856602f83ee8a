// Submitted on one path only.
// expect: ref-leak
#include "bpf.h"
#include "ringbuf_map.h"

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct bpf_dynptr p;

	bpf_ringbuf_reserve_dynptr(&rb, 16, 0, &p);
	if (skb->len)
		bpf_ringbuf_submit_dynptr(&p, 0);
	return 0;
}
