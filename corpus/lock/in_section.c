// A lock among the variables of a section.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

private(a) struct bpf_spin_lock glock;
private(a) int counted;

SEC("tc")
int prog(struct __sk_buff *skb)
{
	bpf_spin_lock(&glock);
	counted++;
	bpf_spin_unlock(&glock);
	return 0;
}
