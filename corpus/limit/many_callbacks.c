// Callbacks that run later wait until the program was walked; too many of them are given up.
// expect: limit-jump-sequence-async
// log: 4
#include "bpf.h"
#include "timer_map.h"

static int expired(void *map, u32 *key, struct value *v)
{
	return 0;
}

SEC("tc")
__naked int prog(void)
{
	asm volatile(
		"*(u32 *)(r10 - 4) = 0;"
		"r2 = r10;"
		"r2 += -4;"
		"r1 = %[m] ll;"
		"call %[lookup];"
		"if r0 == 0 goto out_%=;"
		"r6 = r0;"
		"r7 = %[expired] ll;"
		".rept 8200;"
		"r1 = r6;"
		"r2 = r7;"
		"call %[set];"
		".endr;"
		"out_%=: r0 = 0;"
		"exit;"
		:: [m]"i"(&m), [expired]"i"(expired), [lookup]"i"(1), [set]"i"(170) : "memory");
}
