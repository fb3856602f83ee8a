// It must be dropped or given away.
// expect: ref-leak
#include "bpf.h"
LICENSE("GPL");

struct thing { u64 a, b; };

SEC("tc")
int prog(struct __sk_buff *skb)
{
	return bpf_obj_new(struct thing) != NULL;
}
