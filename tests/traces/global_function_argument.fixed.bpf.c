/* A global function is verified alone: its pointer argument may be null. */
#include "bpf.h"

struct flow {
	u32 mark;
	u16 dport;
};

__noinline int is_web(struct flow *f)
{
	if (!f)
		return 0;
	return f->dport == 80 || f->dport == 443;
}

SEC("tc")
int classify(struct __sk_buff *skb)
{
	struct flow f = { .mark = skb->mark, .dport = skb->hash };

	return is_web(&f) ? TC_ACT_OK : TC_ACT_SHOT;
}
