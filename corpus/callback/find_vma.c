// The area found is a trusted pointer in the callback.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

static long found(struct task_struct *t, struct vm_area_struct *vma, u64 *start)
{
	*start = vma->vm_start;
	return 0;
}

SEC("kprobe/do_nanosleep")
int prog(struct pt_regs *ctx)
{
	u64 start = 0;

	bpf_find_vma(bpf_get_current_task_btf(), 0x1000, found, &start, 0);
	return start == 0;
}
