// As far as it goes.
// expect: mem-btf-dummy-beyond
#include "bpf.h"
#include "dummy.h"

SEC("struct_ops")
int one(u64 *ctx)
{
	struct bpf_dummy_ops_state *state = (void *)ctx[0];

	if (!state)
		return 0;
	((volatile u64 *)state)[0] = 5;
	return 1;
}

SEC(".struct_ops")
struct bpf_dummy_ops ops = { .test_1 = (void *)one };
