// A map without a work queue, but with a lock.
// expect: call-field-missing
// expect-6.12: call-field-offset
#include "bpf.h"
#include "locked_map.h"

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);

	if (!v)
		return 0;
	bpf_wq_init((void *)v, &m, 0);
	return 0;
}
