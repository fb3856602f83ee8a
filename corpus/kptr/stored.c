// A field that owns what it points to is never stored to.
// expect: mem-kptr-store
#include "bpf.h"
#include "kptr_map.h"

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);
	struct task_struct *t;

	if (!v)
		return 0;
	t = bpf_task_from_pid(1);
	if (!t)
		return 0;
	v->owned = t;
	bpf_task_release(t);
	return 0;
}
