/* Two functions with large buffers: together they have more than 512 bytes. */
// suggestion: fix-stack
// kernels 6.12.117, 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} out SEC(".maps");

static __noinline int log_payload(struct __sk_buff *skb)
{
	char data[256] = {};

	bpf_skb_load_bytes(skb, 54, data, sizeof(data));
	return bpf_ringbuf_output(&out, data, sizeof(data), 0);
}

SEC("tc")
int inspect(struct __sk_buff *skb)
{
	char head[320] = {};

	bpf_skb_load_bytes(skb, 0, head, sizeof(head));
	log_payload(skb);
	bpf_ringbuf_output(&out, head, sizeof(head), 0);
	return TC_ACT_OK;
}
