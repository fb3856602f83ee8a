// Some kinds of map cannot be walked.
// expect: call-callback-map
#include "bpf.h"
LICENSE("GPL");

struct {
	__uint(type, QUEUE);
	__uint(max_entries, 8);
	__uint(value_size, 8);
} m SEC(".maps");

static long nothing(void *map, u32 *key, u64 *value, u64 *total)
{
	return 0;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	bpf_for_each_map_elem(&m, nothing, NULL, 0);
	return 0;
}
