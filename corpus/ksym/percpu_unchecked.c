// There may be no such CPU.
// expect: mem-invalid-access
// expect-6.18: ksym-address

#include "bpf.h"
LICENSE("GPL");

struct rq { unsigned int nr_running; } __core;
extern const struct rq runqueues __ksym;

SEC("tc")
int prog(struct __sk_buff *skb)
{
	return ((struct rq *)bpf_per_cpu_ptr(&runqueues, 1))->nr_running;
}
