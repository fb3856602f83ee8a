// Static functions cannot.
// expect: attach-replace-static
// expect-6.12: attach-ext-not-global
// replaces: target.o
#include "bpf.h"
LICENSE("GPL");

SEC("freplace/hidden")
int with(int x)
{
	return x;
}
