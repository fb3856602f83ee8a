// Memory of a process, reached by a pointer marked so.
// expect: accepted
// kernel: 6.12
#include "bpf.h"
LICENSE("GPL");

struct sockaddr { unsigned short sa_family; } __core;

SEC("fentry/__sys_connect")
int prog(u64 *ctx)
{
	struct sockaddr *a = (void *)ctx[1];
	unsigned short family = a->sa_family;

	barrier_var(family);
	return 0;
}
