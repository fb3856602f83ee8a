// An exception callback is not replaced.
// expect: attach-exception-callback
// replaces: target.o
#include "bpf.h"
LICENSE("GPL");

SEC("freplace/caught")
int with(u64 cookie)
{
	return cookie & 1;
}
