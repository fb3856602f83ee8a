// Kernel functions are for GPL-compatible programs.
// expect: kfunc-gpl-only
#include "bpf.h"
LICENSE("Proprietary");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	bpf_rcu_read_lock();
	bpf_rcu_read_unlock();
	return 0;
}
