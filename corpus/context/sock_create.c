// New sockets.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

SEC("cgroup/sock_create")
int prog(struct bpf_sock *sk)
{
	sk->mark = 7;
	return sk->family == 2;
}
