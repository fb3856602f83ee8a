// Only null may be stored as a constant.
// expect: mem-kptr-imm
// cpu: v4
#include "bpf.h"
#include "kptr_map.h"

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);

	if (!v)
		return 0;
	v->seen = (void *)5;
	return 0;
}
