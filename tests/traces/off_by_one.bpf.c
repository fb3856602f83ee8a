/* The check lets the index be equal to the size. */
// suggestion: fix-smaller-bound
// kernels 6.12.117, 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

#define PORTS 1024

struct table {
	u32 verdict[PORTS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct table);
} tables SEC(".maps");

SEC("tc")
int filter(struct __sk_buff *skb)
{
	u32 zero = 0, mark = skb->mark; // cause: established
	struct table *t = bpf_map_lookup_elem(&tables, &zero);

	if (!t || mark > PORTS) // cause: checked
		return TC_ACT_OK;
	return t->verdict[mark]; // rejected
}
