// Storage of a control group that is larger than a page.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

struct {
	__uint(type, CGROUP_STORAGE);
	__uint(key_size, 16);
	__uint(value_size, 8000);
} m SEC(".maps");

SEC("cgroup_skb/ingress")
int prog(struct __sk_buff *skb)
{
	return *(u8 *)bpf_get_local_storage(&m, 0) == 0;
}
