// A replacement calls no function that sleeps where the original does not.
// expect: attach-ext-may-sleep
// expect-6.12: kfunc-sleepable
// replaces: target.o
#include "bpf.h"
LICENSE("GPL");

SEC("freplace/number")
int with(int x)
{
	return bpf_arena_alloc_pages(NULL, NULL, 1, -1, 0) != NULL;
}
