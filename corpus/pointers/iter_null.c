// The task of an iterator is null at its end.
// expect: mem-invalid-access
#include "bpf.h"
LICENSE("GPL");

SEC("iter/task")
int prog(struct bpf_iter__task *ctx)
{
	return ctx->task->pid == 5;
}
