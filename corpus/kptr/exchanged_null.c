// What goes into the map must be there.
// expect: call-arg-null
#include "bpf.h"
#include "kptr_map.h"

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);
	struct task_struct *old;

	if (!v)
		return 0;
	old = bpf_kptr_xchg(&v->owned, bpf_task_from_pid(1));
	if (old)
		bpf_task_release(old);
	return 0;
}
