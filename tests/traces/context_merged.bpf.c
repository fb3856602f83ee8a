/* Two words of the context are read as one. */
// suggestion: fix-context-field
// kernels 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

SEC("sockops")
int wide(struct bpf_sock_ops *ops)
{
	return *(u64 *)&ops->remote_ip4 != 0; // rejected
}
