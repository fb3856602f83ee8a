// Formats are constant strings.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

static const char fmt[] = "%d %s";

SEC("tc")
int prog(struct __sk_buff *skb)
{
	char out[16];
	u64 args[] = { skb->len, (u64)fmt };

	bpf_snprintf(out, sizeof out, fmt, args, sizeof args);
	return 0;
}
