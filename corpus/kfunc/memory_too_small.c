// Less memory than the function fills.
// expect: mem-stack-range
#include "bpf.h"
LICENSE("GPL");

SEC("syscall")
int prog(void *ctx)
{
	char x[8];

	bpf_copy_from_user_str(x, 64, NULL, 0);
	return 0;
}
