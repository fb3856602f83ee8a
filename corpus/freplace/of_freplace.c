// A replacement is not replaced.
// expect: attach-recursive
// replaces: target.o chain_extension.o
#include "bpf.h"
LICENSE("GPL");

SEC("freplace/with")
int again(int x)
{
	return x;
}
