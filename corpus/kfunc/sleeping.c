// One that may sleep, in a program that may not.
// expect: kfunc-sleepable
#include "bpf.h"
LICENSE("GPL");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	char x[8];

	bpf_copy_from_user_str(x, sizeof x, NULL, 0);
	return 0;
}
