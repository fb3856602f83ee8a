// Reserve, write, submit.
// expect: accepted
#include "bpf.h"
#include "ringbuf_map.h"

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct bpf_dynptr p;
	u64 x = skb->len, *d;

	bpf_ringbuf_reserve_dynptr(&rb, 16, 0, &p);
	bpf_dynptr_write(&p, 8, &x, sizeof x, 0);
	d = bpf_dynptr_data(&p, 0, 8);
	if (d)
		*d = 5;
	bpf_ringbuf_submit_dynptr(&p, 0);
	return 0;
}
