// A kernel struct's pointer to a number is memory to read, of which nothing is known.
// expect: accepted
// expect-6.12: mem-invalid-access
#include "bpf.h"
LICENSE("GPL");

struct task_struct___more { int *set_child_tid; } __core;

SEC("raw_tp")
int prog(void *ctx)
{
	struct task_struct___more *t = (void *)bpf_get_current_task_btf();

	return *t->set_child_tid;
}
