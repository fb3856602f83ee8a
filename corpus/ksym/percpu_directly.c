// Its address is not that of any CPU's copy.
// expect: mem-btf-percpu
// expect-6.18: ksym-address

#include "bpf.h"
LICENSE("GPL");

struct rq { unsigned int nr_running; } __core;
extern const struct rq runqueues __ksym;

SEC("tc")
int prog(struct __sk_buff *skb)
{
	return runqueues.nr_running;
}
