// It does not tail call.
// expect: call-arg-type
#include "bpf.h"
LICENSE("GPL");

struct {
	__uint(type, PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__uint(value_size, 4);
} progs SEC(".maps");

__noinline int caught(u64 cookie)
{
	bpf_tail_call((void *)cookie, &progs, 0);
	return 0;
}

SEC("tc")
__tag("exception_callback:caught")
int prog(struct __sk_buff *skb)
{
	bpf_throw(skb->len);
	return 0;
}
