// The functions on strings check what they read: any pointer will do.
// expect: accepted
// kernel: 6.18
#include "bpf.h"
LICENSE("GPL");

extern int bpf_strlen(const char *s) __ksym;

SEC("tc")
int prog(struct __sk_buff *skb)
{
	return bpf_strlen((void *)skb);
}
