// The second lookup is not checked.
// expect: mem-invalid-access
#include "bpf.h"
LICENSE("GPL");

struct value { u64 count; };
struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct value); } values SEC(".maps");

struct { __uint(type, HASH); __uint(max_entries, 8); __type(key, u32); __type(value, u64); } counts SEC(".maps");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = skb->mark;
	u64 one = 1, *count = bpf_map_lookup_elem(&counts, &key);

	if (!count) {
		bpf_map_update_elem(&counts, &key, &one, 0);
		count = bpf_map_lookup_elem(&counts, &key);
	}
	*count += 1;
	return 0;
}
