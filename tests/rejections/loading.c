/* What fails before the verifier looks at an instruction, or because this kernel lacks something. */

//// core_field_missing
//: code: call-unknown-helper | core-field
//: line: t->cpus_allowed
//: says: cpus_allowed
//: author: bpf_core_field_exists, or cpus_mask on newer kernels
//: first: any
LICENSE("GPL");
struct task_struct___old { u64 cpus_allowed; } __core;
SEC("tp_btf/sched_process_exec") int prog(u64 *ctx)
{
	struct task_struct___old *t = (void *)ctx[0];

	return t->cpus_allowed & 1;
}

//// weak_kfunc_missing
//: code: call-unknown-helper | kfunc-invalid-call
//: line: bpf_frobnicate
//: says: bpf_frobnicate
//: author: bpf_ksym_exists
//: first: any
LICENSE("GPL");
extern int bpf_frobnicate(int x) __ksym __weak;
SEC("tc") int prog(struct __sk_buff *skb)
{
	return bpf_frobnicate(3);
}

//// strong_kfunc_missing
//: verdict: not_loadable
//: code: 
//: line: 
//: says: bpf_frobnicate
//: author: declared it __weak and tested for it
//: first: any
LICENSE("GPL");
extern int bpf_frobnicate(int x) __ksym;
SEC("tc") int prog(struct __sk_buff *skb)
{
	return bpf_frobnicate(3);
}

//// attach_target_missing
//: verdict: not_loadable
//: code: 
//: line: 
//: says: do_unlinkat_renamed
//: author: used a function that this kernel has
//: first: any
LICENSE("GPL");
SEC("fentry/do_unlinkat_renamed") int prog(u64 *ctx)
{
	return 0;
}

//// lsm_hook_missing
//: verdict: not_loadable
//: code: 
//: line: 
//: says: file_openn
//: author: lsm/file_open
//: first: any
LICENSE("GPL");
SEC("lsm/file_openn") int prog(u64 *ctx)
{
	return 0;
}

//// ringbuf_size_not_a_power_of_two
//: verdict: not_loadable | rejected
//: code: 
//: line: 
//: says: rb
//: author: a power of two pages
//: first: any
LICENSE("GPL");
struct { __uint(type, HASH); __uint(max_entries, 0); __type(key, u32); __type(value, u64); } rb SEC(".maps");
SEC("tracepoint/syscalls/sys_enter_execve") int prog(void *ctx)
{
	u32 k = 1;

	return bpf_map_lookup_elem(&rb, &k) != 0;
}

//// map_of_unknown_type
//: verdict: not_loadable
//: code: 
//: line: 
//: says: 
//: author: a type that exists
//: first: any
LICENSE("GPL");
struct { __uint(type, 77); __uint(max_entries, 4); __type(key, u32); __type(value, u64); } odd SEC(".maps");
SEC("xdp") int prog(struct xdp_md *ctx)
{
	u32 k = 1;

	return bpf_map_lookup_elem(&odd, &k) ? 1 : 2;
}

//// section_of_no_type
//: verdict: not_loadable
//: code: 
//: line: 
//: says: 
//: author: SEC("xdp")
//: first: any
LICENSE("GPL");
SEC("my_classifier") int prog(struct __sk_buff *skb)
{
	return 0;
}

//// call_through_table
//: code: insn-opcode | walk-unknown-opcode
//: line: 
//: says: pointer
//: author: a switch
//: first: any
LICENSE("GPL");
static __noinline int one(struct __sk_buff *skb) { return skb->len; }
static __noinline int two(struct __sk_buff *skb) { return skb->mark; }
SEC("tc") int prog(struct __sk_buff *skb)
{
	int (*f)(struct __sk_buff *) = skb->hash & 1 ? one : two;

	return f(skb) & 1;
}

//// fentry_multiple_arguments_too_far
//: code: mem-ctx
//: line: ctx[
//: says: argument
//: author: read an argument that the function has
//: first: any
LICENSE("GPL");
u64 n;
SEC("fentry/do_unlinkat") int prog(u64 *ctx)
{
	n = ctx[7];
	return 0;
}
