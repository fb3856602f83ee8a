// Nothing else may.
// expect: call-helper-not-offered
#include "bpf.h"
#include "dummy.h"

SEC("struct_ops")
int one(u64 *ctx)
{
	bpf_get_current_task_btf()->pid = 5;
	return 1;
}

SEC(".struct_ops")
struct bpf_dummy_ops ops = { .test_1 = (void *)one };
