// A kernel function of congestion control.
// expect: kfunc-not-allowed
#include "bpf.h"
LICENSE("GPL");

SEC("tc")
int prog(struct __sk_buff *skb)
{
	return tcp_reno_ssthresh(NULL);
}
