// A global function that claims to return a number and returns a pointer.
// expect: return-subprog-type
#include "bpf.h"
LICENSE("GPL");

__noinline u64 address(struct __sk_buff *skb)
{
	return (u64)skb;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	return address(skb) & 1;
}
