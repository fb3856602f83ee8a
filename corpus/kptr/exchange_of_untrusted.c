// Which owns what it points to.
// expect: call-kptr-unreferenced
#include "bpf.h"
#include "kptr_map.h"

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);

	if (!v)
		return 0;
	bpf_kptr_xchg(&v->seen, NULL);
	return 0;
}
