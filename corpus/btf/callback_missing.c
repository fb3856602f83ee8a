/* Types of a program that names an exception callback that is not there. */
#include "bpf.h"

SEC("tc")
__tag("exception_callback:nobody")
int prog(struct __sk_buff *skb)
{
	return 0;
}
