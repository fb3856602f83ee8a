// What RCU protects, where a program that sleeps cannot be interrupted by other tasks.
// expect: kfunc-arg-not-rcu
#include "bpf.h"
#include "kptr_map.h"

SEC("syscall")
int prog(void *ctx)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);
	struct task_struct *t;

	if (!v)
		return 0;
	bpf_preempt_disable();
	t = v->owned;
	if (t) {
		t = bpf_task_acquire(t);
		if (t)
			bpf_task_release(t);
	}
	bpf_preempt_enable();
	return 0;
}
