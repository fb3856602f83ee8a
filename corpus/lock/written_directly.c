// The lock word is not the program's to write.
// expect: mem-special-field
#include "bpf.h"
#include "locked_map.h"

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);

	if (!v)
		return 0;
	v->lock.val = 0;
	return 0;
}
