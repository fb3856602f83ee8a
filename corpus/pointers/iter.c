// Asked, it may be read, and printed.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

SEC("iter/task")
int prog(struct bpf_iter__task *ctx)
{
	struct task_struct *t = ctx->task;

	if (t)
		bpf_seq_write(ctx->meta->seq, &t->pid, sizeof t->pid);
	return 0;
}
