// A number of another size.
// expect: attach-ext-arg-size
// replaces: target.o
#include "bpf.h"
LICENSE("GPL");

SEC("freplace/number")
int with(u64 x)
{
	return x;
}
