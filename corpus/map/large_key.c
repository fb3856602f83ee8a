// A key that is larger than the stack.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

struct {
	__uint(type, HASH);
	__uint(max_entries, 1);
	__uint(key_size, 1024);
	__uint(value_size, 1024);
} m SEC(".maps");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	asm volatile("" :: "r"(&m));
	return 0;
}
