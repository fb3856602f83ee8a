// Tracing programs are not extended.
// expect: attach-replace-static
// kernel: 6.12
// replaces: fentry_target.o
#include "bpf.h"
LICENSE("GPL");

SEC("freplace/traced")
int with(u64 *ctx)
{
	return 0;
}
