// Nothing but its state is written.
// expect: mem-btf-dummy-only
#include "bpf.h"
#include "dummy.h"

SEC("struct_ops")
int one(u64 *ctx)
{
	struct task_struct *t = bpf_task_from_pid(1);

	if (!t)
		return 0;
	t->pid = 5;
	bpf_task_release(t);
	return 1;
}

SEC(".struct_ops")
struct bpf_dummy_ops ops = { .test_1 = (void *)one };
