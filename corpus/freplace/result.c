// Another kind of result.
// expect: attach-ext-return-type
// replaces: target.o
#include "bpf.h"
LICENSE("GPL");

SEC("freplace/number")
void *with(int x)
{
	return (void *)(long)x;
}
