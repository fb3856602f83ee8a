/* Types for generated programs: values with special fields, and functions that are called and called back. */
#include "bpf.h"

struct locked { struct bpf_spin_lock lock; u32 a; u32 b; u32 c; };
struct timed { struct bpf_timer timer; u64 a; };
struct worked { struct bpf_wq work; u64 a; };
struct pointed { struct task_struct __kptr_untrusted *seen; struct task_struct __kptr *kept; u64 a; };
struct elem { u64 a; struct bpf_list_node node; struct bpf_refcount refs; };
struct listed { struct bpf_spin_lock lock; u32 pad; struct bpf_list_head head __contains(elem, node); };

struct locked use_locked;
struct timed use_timed;
struct worked use_worked;
struct pointed use_pointed;
struct listed use_listed;
struct elem *use_elem;
struct task_struct *use_task;

static __noinline __attribute__((used)) int callback(void *a, void *b, void *c)
{
	return 0;
}
static __noinline __attribute__((used)) int inner(u64 a, u64 b)
{
	return a + b;
}
SEC("tc")
int program(void *ctx)
{
	return 0;
}
LICENSE("GPL");
