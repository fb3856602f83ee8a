/* A helper that may sleep is called where sleeping is not possible. */
#include "bpf.h"

char path[64];

SEC("kprobe/do_sys_openat2")
int open(struct pt_regs *ctx)
{
	bpf_probe_read_user(path, sizeof(path), (void *)PT_REGS_PARM2(ctx));
	return 0;
}
