// A replacement is offered no helper that sleeps.
// expect: attach-ext-may-sleep
// expect-6.12: call-helper-not-offered
// replaces: target.o
#include "bpf.h"
LICENSE("GPL");

SEC("freplace/number")
int with(int x)
{
	bpf_copy_from_user(&x, sizeof x, NULL);
	return x;
}
