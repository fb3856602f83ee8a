// A global function that may sleep, inside of an RCU section.
// expect: call-may-sleep
// expect-6.12: accepted
// expect-6.18: call-global-may-sleep
#include "bpf.h"
LICENSE("GPL");

__noinline int copy(u64 addr)
{
	int x = 0;
	bpf_copy_from_user(&x, sizeof x, (void *)addr);
	return x;
}

SEC("syscall")
int prog(u64 *ctx)
{
	int x;

	bpf_rcu_read_lock();
	x = copy(ctx[0]);
	bpf_rcu_read_unlock();
	return x;
}
