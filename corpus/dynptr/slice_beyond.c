// A slice has the size asked for.
// expect: mem-region-range
#include "bpf.h"
#include "ringbuf_map.h"

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct bpf_dynptr p;
	u64 *d;

	bpf_ringbuf_reserve_dynptr(&rb, 16, 0, &p);
	d = bpf_dynptr_data(&p, 0, 8);
	if (d)
		d[1] = 0;
	bpf_ringbuf_submit_dynptr(&p, 0);
	return 0;
}
