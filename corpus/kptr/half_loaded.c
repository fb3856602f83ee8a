// Half of a pointer.
// expect: mem-kptr-size
#include "bpf.h"
#include "kptr_map.h"

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);

	return v ? *(volatile u32 *)&v->seen : 0;
}
