// At a known place.
// expect: call-str-variable
#include "bpf.h"
LICENSE("GPL");

static const char fmt[] = "%d %d";

SEC("tc")
int prog(struct __sk_buff *skb)
{
	char out[16];
	u64 args[] = { skb->len, 0 };

	bpf_snprintf(out, sizeof out, fmt + (skb->len & 1), args, sizeof args);
	return 0;
}
