/* A program whose context is an array, though its type has a name. */
#include "bpf.h"
LICENSE("GPL");

SEC("raw_tp/sys_enter")
int entry(struct bpf_raw_tracepoint_args *ctx)
{
	return 0;
}
