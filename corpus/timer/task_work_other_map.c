// Task work belongs to the map it is in.
// expect: kfunc-task-work-map
// kernel: 6.18
#include "bpf.h"
LICENSE("GPL");

struct bpf_task_work { u64 opaque; } __attribute__((aligned(8)));
struct value { struct bpf_task_work tw; int n; };
struct {
	__uint(type, ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct value);
} m SEC(".maps"), m2 SEC(".maps");

extern int bpf_task_work_schedule_signal_impl(struct task_struct *task, struct bpf_task_work *tw, void *map,
					      int (*cb)(struct bpf_map *, void *, void *), void *aux) __ksym;

static int work(struct bpf_map *map, void *key, void *value)
{
	return 0;
}

SEC("tp_btf/sys_enter")
int prog(u64 *ctx)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);

	if (!v)
		return 0;
	bpf_task_work_schedule_signal_impl(bpf_get_current_task_btf(), &v->tw, &m2, work, NULL);
	return 0;
}
