// Pointers to numbers are not what a replacement can take.
// expect: attach-ext-arg-unknown
// expect-6.12: attach-ext-arg-not-ctx
// replaces: target.o
#include "bpf.h"
LICENSE("GPL");

SEC("freplace/of_int")
int with(int *p)
{
	return p ? *p : 0;
}
