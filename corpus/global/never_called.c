// A global function that nothing calls is not verified.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

__noinline int get(int *p)
{
	return *p;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	if (0)
		return get(NULL);
	return 0;
}
