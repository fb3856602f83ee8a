// Samples come as dynptrs that are read only as pointers.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

struct {
	__uint(type, USER_RINGBUF);
	__uint(max_entries, 4096);
} rb SEC(".maps");

static long sample(struct bpf_dynptr *p, u64 *sum)
{
	u64 x;

	if (!bpf_dynptr_read(&x, sizeof x, p, 0, 0))
		*sum += x;
	return 0;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u64 sum = 0;

	bpf_user_ringbuf_drain(&rb, sample, &sum, 0);
	return sum != 0;
}
