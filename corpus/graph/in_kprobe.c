// Tracing programs have no lists.
// expect: map-graph-tracing
#include "bpf.h"
#include "graph_map.h"

SEC("kprobe/do_nanosleep")
int prog(struct pt_regs *ctx)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&m, &key);

	return v != NULL;
}
