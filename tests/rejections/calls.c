/* Calls: helpers that are not offered, arguments of other types, licences, kernel functions. */

//// helper_of_other_type
//: code: call-helper-not-offered
//: line: bpf_redirect_map
//: says: bpf_redirect_map
//: author: bpf_redirect() to an interface
//: first: any
LICENSE("GPL");
struct { __uint(type, DEVMAP); __uint(max_entries, 8); __type(key, u32); __type(value, u32); } ports SEC(".maps");
SEC("tc") int prog(struct __sk_buff *skb)
{
	return bpf_redirect_map(&ports, skb->mark & 7, 0);
}

//// skb_helper_in_xdp
//: code: call-helper-not-offered
//: line: bpf_skb_load_bytes
//: says: bpf_skb_load_bytes
//: author: bpf_xdp_load_bytes
//: first: any
LICENSE("GPL");
SEC("xdp") int prog(struct xdp_md *ctx)
{
	u8 b[4];

	if (bpf_skb_load_bytes(ctx, 0, b, 4))
		return 2;
	return b[0] & 1;
}

//// license_missing
//: code: call-gpl-only
//: line: bpf_probe_read_kernel
//: says: bpf_probe_read_kernel
//: author: "GPL"
//: first: edit
LICENSE("Proprietary");
SEC("kprobe/do_exit") int prog(struct pt_regs *ctx)
{
	u64 x = 0;

	bpf_probe_read_kernel(&x, 8, (void *)ctx->regs[14]);
	return x & 1;
}

//// map_pointer_as_key
//: code: call-arg-type
//: line: bpf_map_lookup_elem
//: says: 
//: author: put the number into a variable and passed its address
//: first: any
LICENSE("GPL");
struct { __uint(type, ARRAY); __uint(max_entries, 8); __type(key, u32); __type(value, u64); } m SEC(".maps");
SEC("xdp") int prog(struct xdp_md *ctx)
{
	u64 *v = bpf_map_lookup_elem(&m, (void *)(long)ctx->rx_queue_index);

	return v ? 1 : 2;
}

//// ringbuf_helper_on_perf_array
//: code: call-map-type
//: line: bpf_ringbuf_output
//: says: perf_event_array
//: author: bpf_perf_event_output
//: first: any
LICENSE("GPL");
struct { __uint(type, PERF_EVENT_ARRAY); __uint(key_size, 4); __uint(value_size, 4); } events SEC(".maps");
SEC("kprobe/do_exit") int prog(struct pt_regs *ctx)
{
	u64 x = 1;

	bpf_ringbuf_output(&events, &x, 8, 0);
	return 0;
}

//// lookup_in_prog_array
//: code: call-map-type
//: line: bpf_map_lookup_elem
//: says: prog_array
//: author: bpf_tail_call
//: first: any
LICENSE("GPL");
struct { __uint(type, PROG_ARRAY); __uint(max_entries, 8); __uint(key_size, 4); __uint(value_size, 4); } progs SEC(".maps");
SEC("xdp") int prog(struct xdp_md *ctx)
{
	u32 key = 1;

	return bpf_map_lookup_elem(&progs, &key) ? 1 : 2;
}

//// sleepable_helper_in_kprobe
//: code: call-helper-not-offered | call-may-sleep
//: line: bpf_copy_from_user
//: says: bpf_copy_from_user
//: author: bpf_probe_read_user, or a sleepable program
//: first: any
LICENSE("GPL");
SEC("kprobe/do_sys_openat2") int prog(struct pt_regs *ctx)
{
	char c = 0;

	bpf_copy_from_user(&c, 1, (void *)ctx->regs[13]);
	return c;
}

//// kernel_pointer_dereferenced_in_kprobe
//: code: mem-invalid-access
//: line: f->f_flags
//: says: f
//: author: BPF_CORE_READ(f, f_flags)
//: first: any
LICENSE("GPL");
SEC("kprobe/vfs_open") int prog(struct pt_regs *ctx)
{
	struct file *f = (struct file *)ctx->regs[13];

	return f->f_flags & 1;
}

//// current_task_dereferenced
//: code: mem-invalid-access
//: line: task->real_parent
//: says: bpf_get_current_task
//: author: bpf_get_current_task_btf()
//: first: any
LICENSE("GPL");
SEC("tracepoint/syscalls/sys_enter_fork") int prog(void *ctx)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	return task->real_parent->pid;
}

//// user_string_dereferenced
//: code: mem-invalid-access
//: line: name[0]
//: says: name
//: author: bpf_probe_read_user
//: first: any
LICENSE("GPL");
SEC("tracepoint/syscalls/sys_enter_openat") int prog(u64 *ctx)
{
	const char *name = (const char *)ctx[3];

	return name[0] == '/';
}

//// kfunc_in_wrong_program
//: code: kfunc-not-allowed
//: line: bpf_dynptr_from_xdp
//: says: bpf_dynptr_from_xdp
//: author: used an XDP program
//: first: any
LICENSE("GPL");
SEC("tc") int prog(struct __sk_buff *skb)
{
	struct bpf_dynptr d;

	return bpf_dynptr_from_xdp((void *)skb, 0, &d);
}

//// kfunc_untrusted_task
//: code: kfunc-arg-not-rcu
//: line: bpf_task_acquire
//: says: 
//: author: used a task from the context
//: first: any
LICENSE("GPL");
SEC("fentry/do_unlinkat") int prog(void *ctx)
{
	struct task_struct *cur = bpf_get_current_task_btf(), *t;

	t = bpf_task_acquire(cur->last_wakee);
	if (!t)
		return 0;
	bpf_task_release(t);
	return 0;
}

//// kfunc_release_twice
//: code: kfunc-arg-memory-type
//: line: bpf_task_release
//: says: t
//: author: released it once
//: first: any
LICENSE("GPL");
SEC("tp_btf/task_newtask") int prog(u64 *ctx)
{
	struct task_struct *t = bpf_task_from_pid(1);

	if (!t)
		return 0;
	bpf_task_release(t);
	bpf_task_release(t);
	return 0;
}

//// kfunc_slice_size_variable
//: code: kfunc-arg-not-constant
//: line: bpf_dynptr_slice
//: says: constant
//: author: sizeof(buf)
//: first: any
LICENSE("GPL");
SEC("tc") int prog(struct __sk_buff *skb)
{
	struct bpf_dynptr d;
	u8 buf[64];
	u8 *p;

	bpf_dynptr_from_skb(skb, 0, &d);
	p = bpf_dynptr_slice(&d, 0, buf, skb->len & 63);
	return p ? p[0] : 0;
}

//// tail_call_context
//: code: call-packet-arg
//: line: bpf_tail_call
//: says: context
//: author: passed ctx
//: first: any
LICENSE("GPL");
struct { __uint(type, PROG_ARRAY); __uint(max_entries, 8); __uint(key_size, 4); __uint(value_size, 4); } progs SEC(".maps");
SEC("xdp") int prog(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;

	bpf_tail_call(data, &progs, 1);
	return 2;
}

//// snprintf_format_not_constant
//: code: call-arg-type | call-str-map | call-str-writable | call-format
//: line: bpf_snprintf
//: says: 
//: author: static const char fmt[]
//: first: any
LICENSE("GPL");
SEC("raw_tp/sys_enter") int prog(void *ctx)
{
	char fmt[] = "%d";
	char out[16];
	u64 args[] = { 1 };

	bpf_snprintf(out, sizeof(out), fmt, args, sizeof(args));
	return out[0];
}
