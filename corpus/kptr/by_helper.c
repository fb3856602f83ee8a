// A helper would read it as bytes.
// expect: mem-kptr-by-helper
#include "bpf.h"
#include "kptr_map.h"

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);

	if (!v)
		return 0;
	bpf_skb_load_bytes(skb, 0, v, 8);
	return 0;
}
