/* A helper that may sleep is called where sleeping is not possible. */
// suggestion: fix-other-helper
// kernels 6.12.117, 6.18.44: rejected EINVAL; fixed: accepted
#include "bpf.h"

char path[64];

SEC("kprobe/do_sys_openat2")
int open(struct pt_regs *ctx)
{
	bpf_copy_from_user(path, sizeof(path), (void *)PT_REGS_PARM2(ctx)); // rejected
	return 0;
}
