// A flag saved by itself is not restored with a lock.
// expect: irq-flag-class
// kernel: 6.18
#include "bpf.h"
#include "resilient_map.h"

SEC("tc")
int prog(struct __sk_buff *skb)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);
	unsigned long f1, f2;

	if (!v)
		return 0;
	bpf_local_irq_save(&f1);
	if (bpf_res_spin_lock_irqsave(&v->lock, &f2)) {
		bpf_local_irq_restore(&f1);
		return 0;
	}
	bpf_res_spin_unlock_irqrestore(&v->lock, &f1);
	bpf_local_irq_restore(&f2);
	return 0;
}
