/* Two functions with large buffers: together they have more than 512 bytes. */
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} out SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, char[256]);
} scratch SEC(".maps");

static __noinline int log_payload(struct __sk_buff *skb)
{
	u32 zero = 0;
	char *data = bpf_map_lookup_elem(&scratch, &zero);

	if (!data)
		return 0;
	bpf_skb_load_bytes(skb, 54, data, 256);
	return bpf_ringbuf_output(&out, data, 256, 0);
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
