/* The stack: what was never written, what is beyond it, and how much of it there is. */

//// key_padding
//: code: mem-stack-uninit | mem-stack-read-uninit | mem-stack-indirect
//: line: bpf_map_lookup_elem
//: says: key
//: author: __builtin_memset(&key, 0, sizeof(key))
//: kernel: 5.10
//: first: edit
LICENSE("GPL");
struct key { u8 proto; u32 addr; };
struct { __uint(type, HASH); __uint(max_entries, 10); __type(key, struct key); __type(value, u64); } m SEC(".maps");
SEC("tc") int prog(struct __sk_buff *skb)
{
	struct key key;
	u64 *v;

	key.proto = skb->protocol;
	key.addr = skb->mark;
	v = bpf_map_lookup_elem(&m, &key);
	return v ? 2 : 0;
}

//// event_half_filled
//: code: mem-stack-uninit
//: line: bpf_perf_event_output
//: says: e
//: author: struct event e = {};
//: kernel: 5.10
//: first: edit
LICENSE("GPL");
struct event { u32 pid; char comm[16]; u64 ts; };
struct { __uint(type, PERF_EVENT_ARRAY); __uint(key_size, 4); __uint(value_size, 4); } events SEC(".maps");
SEC("kprobe/do_exit") int prog(struct pt_regs *ctx)
{
	struct event e;

	e.pid = bpf_get_current_pid_tgid() >> 32;
	e.ts = bpf_ktime_get_ns();
	bpf_perf_event_output(ctx, &events, 0xffffffff, &e, sizeof(e));
	return 0;
}

//// variable_set_in_one_branch
//: code: reg-uninitialised | reg-not-init | mem-stack-uninit
//: line: 
//: says: 
//: author: initialised the variable
//: kernel: 5.10
//: first: any
LICENSE("GPL");
struct { __uint(type, ARRAY); __uint(max_entries, 8); __type(key, u32); __type(value, u64); } m SEC(".maps");
SEC("tc") int prog(struct __sk_buff *skb)
{
	u32 key;
	u64 *v;

	if (skb->mark)
		key = 1;
	v = bpf_map_lookup_elem(&m, &key);
	return v ? 2 : 0;
}

//// large_buffers_in_chain
//: code: stack-combined | struct-combined-stack
//: line: 
//: says: 512
//: author: moved the path buffer into a per-CPU array
//: kernel: 6.12
//: first: any
LICENSE("GPL");
static __noinline int inner(void *src)
{
	char name[256];

	if (bpf_probe_read_kernel(name, sizeof(name), src))
		return 0;
	return name[3];
}
SEC("kprobe/vfs_open") int prog(struct pt_regs *ctx)
{
	char path[320];

	if (bpf_probe_read_kernel(path, sizeof(path), (void *)ctx->regs[14]))
		return 0;
	return inner((void *)ctx->regs[13]) + path[1] + path[200];
}

//// beyond_the_buffer_constant
//: code: mem-stack-range | mem-stack-invalid | mem-stack-uninit
//: line: bpf_get_current_comm
//: says: 32
//: author: sizeof(comm)
//: first: any
LICENSE("GPL");
SEC("kprobe/do_exit") int prog(struct pt_regs *ctx)
{
	char comm[16];

	bpf_get_current_comm(comm, 32);
	return comm[0];
}

//// for_each_callback_reads_uninit
//: code: mem-stack-uninit
//: line: bpf_map_update_elem
//: says: v
//: author: initialised the whole value
//: kernel: 5.10
//: first: edit
LICENSE("GPL");
struct value { u64 a; u32 b; u16 c; };
struct { __uint(type, HASH); __uint(max_entries, 10); __type(key, u32); __type(value, struct value); } m SEC(".maps");
SEC("tracepoint/syscalls/sys_enter_dup") int prog(u64 *ctx)
{
	struct value v;
	u32 key = 0;

	v.a = ctx[1];
	v.b = 2;
	v.c = 3;
	bpf_map_update_elem(&m, &key, &v, 0);
	return 0;
}
