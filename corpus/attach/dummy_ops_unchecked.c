// The state of the struct for tests, written without asking whether there is one: older kernels take it for valid.
// expect: mem-invalid-access
#include "bpf.h"
#include "dummy.h"

SEC("struct_ops")
int one(u64 *ctx)
{
	struct bpf_dummy_ops_state *state = (void *)ctx[0];

	state->val = 5;
	return 1;
}

SEC(".struct_ops")
struct bpf_dummy_ops ops = { .test_1 = (void *)one };
