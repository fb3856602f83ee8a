// The pointer is of another type than the field.
// expect: mem-kptr-type
#include "bpf.h"
#include "kptr_map.h"

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);
	struct cgroup *c;

	if (!v)
		return 0;
	c = bpf_cgroup_from_id(1);
	if (!c)
		return 0;
	v->seen = (void *)c;
	bpf_cgroup_release(c);
	return 0;
}
