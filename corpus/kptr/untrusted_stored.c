// One that does not is.
// expect: accepted
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
	v->seen = t;
	bpf_task_release(t);
	t = v->seen;
	return t ? t->pid : 0;
}
