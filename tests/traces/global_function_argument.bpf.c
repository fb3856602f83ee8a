/* A global function is verified alone: its pointer argument may be null. */
// suggestion: fix-null-check
// kernels 6.12.117, 6.18.44: rejected EACCES; fixed: accepted
#include "bpf.h"

struct flow {
	u32 mark;
	u16 dport;
};

__noinline int is_web(struct flow *f)
{
	return f->dport == 80 || f->dport == 443; // rejected
}

SEC("tc")
int classify(struct __sk_buff *skb)
{
	struct flow f = { .mark = skb->mark, .dport = skb->hash };

	return is_web(&f) ? TC_ACT_OK : TC_ACT_SHOT;
}
