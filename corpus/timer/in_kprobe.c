// Tracing programs have no timers.
// expect: map-timer-tracing
#include "bpf.h"
#include "timer_map.h"

SEC("kprobe/do_nanosleep")
int prog(struct pt_regs *ctx)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);

	return v ? v->n : 0;
}
