/* A replacement that others attach to. */
#include "bpf.h"
LICENSE("GPL");

SEC("freplace/number")
int with(int x)
{
	return x;
}
