/* A program that traces a function and has a function of its own. */
#include "bpf.h"
LICENSE("GPL");

__noinline int number(int x)
{
	barrier_var(x);
	return x + 1;
}

SEC("fentry/do_nanosleep")
int traced(u64 *ctx)
{
	number(5);
	return 0;
}
