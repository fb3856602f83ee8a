// A clone refers to the same memory and dies with it.
// expect: dynptr-not-init
#include "bpf.h"
#include "ringbuf_map.h"

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct bpf_dynptr p, q;
	u64 x = 0;

	bpf_ringbuf_reserve_dynptr(&rb, 16, 0, &p);
	bpf_dynptr_clone(&p, &q);
	bpf_ringbuf_submit_dynptr(&p, 0);
	bpf_dynptr_read(&x, sizeof x, &q, 0, 0);
	return 0;
}
