// A member that no kernel has any more.
#include "bpf.h"
LICENSE("GPL");
static long (*probe_read)(void *, u32, const void *) = (void *)113;
struct task_struct___before { long lost; int pid; } __core;
SEC("raw_tp/sched_switch") int look(u64 *ctx) {
	struct task_struct___before *task = (void *)ctx[1];
	long value = 0;
	probe_read(&value, sizeof(value), &task->lost);
	return value != 0;
}
