// Whether the kernel has a function, asked by its address. Older kernels load addresses of variables only.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

struct bpf_key { bool has_ref; };

extern void bpf_key_put(struct bpf_key *key) __ksym __weak;

SEC("tc")
int prog(struct __sk_buff *skb)
{
	return bpf_key_put ? 1 : 0;
}
