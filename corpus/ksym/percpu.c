// A per-CPU variable of the kernel.
// expect: accepted
// expect-6.18: ksym-address

#include "bpf.h"
LICENSE("GPL");

struct rq { unsigned int nr_running; } __core;
extern const struct rq runqueues __ksym;

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct rq *rq = bpf_per_cpu_ptr(&runqueues, 1);

	if (!rq)
		return 0;
	return rq->nr_running + ((struct rq *)bpf_this_cpu_ptr(&runqueues))->nr_running;
}
