// In memory that nobody changes.
// expect: call-str-writable
#include "bpf.h"
LICENSE("GPL");

static char fmt[] = "%d %d";

SEC("tc")
int prog(struct __sk_buff *skb)
{
	char out[16];
	u64 args[] = { skb->len, 0 };

	fmt[0] = '%';
	bpf_snprintf(out, sizeof out, fmt, args, sizeof args);
	return 0;
}
