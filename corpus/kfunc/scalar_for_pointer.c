// A number for a pointer.
// expect: kfunc-arg-memory-type
#include "bpf.h"
LICENSE("GPL");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	bpf_task_release((void *)(u64)skb->len);
	return 0;
}
