// Null may be passed to the function, seven may not: the first path needs it exactly.
// expect: accepted
// flags: test_state_freq
#include "bpf.h"
LICENSE("GPL");

__noinline int get(int *p)
{
	return p ? *p : 0;
}

SEC("tc")
__naked int prog(void)
{
	asm volatile(
		"r2 = *(u32 *)(r1 + 0);"
		"r1 = 7;"
		"if r2 == 0 goto 1f;"
		"r1 = 0;"
		"1: call get;"
		"r0 = 0;"
		"exit;" ::: "r0", "r1", "r2", "r3", "r4", "r5");
}
