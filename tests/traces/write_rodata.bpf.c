/* Constants of user space are read-only for the program. */
// suggestion: fix-read-only
// kernels 6.12.117, 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

const volatile u32 threshold = 100;

SEC("kprobe/do_exit")
int adapt(struct pt_regs *ctx)
{
	*(volatile u32 *)&threshold = 200; // rejected
	return 0;
}
