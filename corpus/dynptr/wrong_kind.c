// A local one is not a ring buffer's.
// expect: call-release-dynptr
#include "bpf.h"
LICENSE("GPL");

struct {
	__uint(type, ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64[4]);
} m SEC(".maps");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct bpf_dynptr p;
	u32 key = 0;
	u64 *v = bpf_map_lookup_elem(&m, &key);

	if (!v)
		return 0;
	bpf_dynptr_from_mem(v, 32, 0, &p);
	bpf_ringbuf_submit_dynptr(&p, 0);
	return 0;
}
