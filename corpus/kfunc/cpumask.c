// CPU masks: made, changed, released.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

SEC("tp_btf/sys_enter")
int prog(u64 *ctx)
{
	struct bpf_cpumask *c = bpf_cpumask_create();

	if (!c)
		return 0;
	bpf_cpumask_set_cpu(1, c);
	bpf_cpumask_test_cpu(1, (const struct cpumask *)c);
	bpf_cpumask_release(c);
	return 0;
}
