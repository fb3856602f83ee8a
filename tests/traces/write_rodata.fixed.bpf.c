/* Constants of user space are read-only for the program. */
#include "bpf.h"

volatile u32 threshold = 100;

SEC("kprobe/do_exit")
int adapt(struct pt_regs *ctx)
{
	*(volatile u32 *)&threshold = 200;
	return 0;
}
