// A pointer for a number.
// expect: attach-ext-arg-kind
// replaces: target.o
#include "bpf.h"
LICENSE("GPL");

SEC("freplace/number")
int with(int *x)
{
	return x != NULL;
}
