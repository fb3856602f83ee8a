/* The function ends without a return. */
// suggestion: fix-initialise
// kernels 6.12.117, 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

u64 calls;

SEC("kprobe/do_nanosleep")
int nanosleep(struct pt_regs *ctx)
{
	calls++;
} // rejected
