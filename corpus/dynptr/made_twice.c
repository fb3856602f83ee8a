// One that still holds a reference is made anew.
// expect: dynptr-overwrite
#include "bpf.h"
#include "ringbuf_map.h"

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct bpf_dynptr p;

	bpf_ringbuf_reserve_dynptr(&rb, 16, 0, &p);
	bpf_ringbuf_reserve_dynptr(&rb, 16, 0, &p);
	bpf_ringbuf_submit_dynptr(&p, 0);
	return 0;
}
