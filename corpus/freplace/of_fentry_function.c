// Functions of tracing programs are not replaced, even those that could be.
// expect: attach-extend-fentry
// kernel: 6.12
// replaces: fentry_function.o
#include "bpf.h"
LICENSE("GPL");

SEC("freplace/number")
int with(int x)
{
	return x;
}
