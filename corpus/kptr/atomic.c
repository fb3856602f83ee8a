// No atomic operations on a pointer.
// expect: mem-kptr-mode
#include "bpf.h"
#include "kptr_map.h"

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);
	u64 one = 1;

	if (!v)
		return 0;
	__sync_fetch_and_add((u64 *)&v->seen, one);
	return 0;
}
