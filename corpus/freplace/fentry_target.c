/* A program that traces a function. */
#include "bpf.h"
LICENSE("GPL");

SEC("fentry/do_nanosleep")
int traced(u64 *ctx)
{
	return 0;
}
