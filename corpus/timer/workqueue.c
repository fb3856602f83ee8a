// A work queue, whose callback may sleep.
// expect: accepted
// expect-6.12: call-helper-not-offered
#include "bpf.h"
#include "wq_map.h"

static int work(void *map, int *key, void *value)
{
	u64 x;

	bpf_copy_from_user(&x, sizeof x, NULL);
	return 0;
}

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);

	if (!v)
		return 0;
	if (bpf_wq_init(&v->wq, &m, 0))
		return 0;
	bpf_wq_set_callback_impl(&v->wq, work, 0, NULL);
	bpf_wq_start(&v->wq, 0);
	return 0;
}
