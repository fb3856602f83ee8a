// What an owning field points to may be looked at under RCU.
// expect: accepted
#include "bpf.h"
#include "kptr_map.h"

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);
	struct task_struct *t;
	int pid = 0;

	if (!v)
		return 0;
	bpf_rcu_read_lock();
	t = v->owned;
	if (t)
		pid = t->pid;
	bpf_rcu_read_unlock();
	return pid;
}
