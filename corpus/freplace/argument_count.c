// One argument too many.
// expect: attach-ext-arg-count
// replaces: target.o
#include "bpf.h"
LICENSE("GPL");

SEC("freplace/number")
int with(int x, int y)
{
	return x + y;
}
