// The list below says of a struct that is nowhere that it is in it: the kernel refuses the BTF, and storage, which cannot be
// without, with it. Nothing of the object is loaded, so no kernel says anything of the program.
#include "bpf.h"
LICENSE("GPL");

struct locked {
	struct bpf_spin_lock lock;
	struct bpf_list_head head __contains(missing, node);
};
struct {
	__uint(type, ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, struct locked);
} lists SEC(".maps");
struct {
	__uint(type, TASK_STORAGE);
	__uint(map_flags, F_NO_PREALLOC);
	__type(key, int);
	__type(value, u64);
} storage SEC(".maps");

SEC("tp_btf/sys_enter")
int prog(u64 *ctx)
{
	return bpf_map_lookup_elem(&lists, ctx) && bpf_task_storage_get(&storage, bpf_get_current_task_btf(), NULL, 1);
}
