// What a callback does to its context is seen after the loop, whether it ran or not.
// expect: accepted
#include "bpf.h"
LICENSE("GPL");

struct data { int last, n; };

static int step(u32 i, struct data *d)
{
	d->last = i;
	d->n++;
	return d->n > 5;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	struct data d = {};

	bpf_loop(skb->len, step, &d, 0);
	return d.last;
}
