// Where in the value is not known.
// expect: call-field-variable
#include "bpf.h"
#include "locked_map.h"

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0, at = skb->len & 4;
	struct value *v = bpf_map_lookup_elem(&m, &key);

	if (!v)
		return 0;
	bpf_spin_lock((void *)v + at);
	bpf_spin_unlock((void *)v + at);
	return 0;
}
