// Tracing programs interrupt those who hold locks.
// expect: map-lock-tracing
#include "bpf.h"
#include "locked_map.h"

SEC("kprobe/do_nanosleep")
int prog(struct pt_regs *ctx)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);

	if (!v)
		return 0;
	return v->n;
}
