/* Types of a program that is its own exception callback. */
#include "bpf.h"

SEC("tc")
__tag("exception_callback:prog")
int prog(struct __sk_buff *skb)
{
	return 0;
}
