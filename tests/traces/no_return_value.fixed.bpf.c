/* The function ends without a return. */
#include "bpf.h"

u64 calls;

SEC("kprobe/do_nanosleep")
int nanosleep(struct pt_regs *ctx)
{
	calls++;
	return 0;
}
