/* A cgroup's programs see packets, and may not change them. */
// suggestion: fix-read-only
// kernels 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

SEC("cgroup_skb/egress")
int set_tos(struct __sk_buff *skb)
{
	u8 *d = (void *)(long)skb->data;
	u8 *e = (void *)(long)skb->data_end;

	if (d + 20 > e)
		return 1;
	return 1;
}
