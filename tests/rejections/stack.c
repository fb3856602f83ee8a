/* The stack: what was never written, what is beyond it, and how much of it there is. */

//// key_padding
//: code: mem-stack-uninit-arg
//: line: bpf_map_lookup_elem
//: says: key
//: author: __builtin_memset(&key, 0, sizeof(key))
//: unprivileged: yes
//: first: edit
LICENSE("GPL");
struct key { u8 proto; u32 addr; };
struct { __uint(type, HASH); __uint(max_entries, 10); __type(key, struct key); __type(value, u64); } m SEC(".maps");
SEC("socket") int prog(struct __sk_buff *skb)
{
	struct key key;
	u64 *v;

	key.proto = skb->protocol;
	key.addr = skb->mark;
	v = bpf_map_lookup_elem(&m, &key);
	return v ? 2 : 0;
}

//// event_half_filled
//: code: mem-stack-uninit-arg
//: line: bpf_map_update_elem
//: says: e
//: author: struct event e = {};
//: unprivileged: yes
//: first: edit
LICENSE("GPL");
struct event { u32 len; char name[16]; u64 ts; };
struct { __uint(type, HASH); __uint(max_entries, 10); __type(key, u32); __type(value, struct event); } events SEC(".maps");
SEC("socket") int prog(struct __sk_buff *skb)
{
	struct event e;
	u32 key = 0;

	e.len = skb->len;
	e.ts = bpf_ktime_get_ns();
	bpf_map_update_elem(&events, &key, &e, 0);
	return 0;
}

//// variable_set_in_one_branch
//: code: mem-stack-uninit-arg
//: line: 
//: says: 
//: author: initialised the variable
//: unprivileged: yes
//: first: any
LICENSE("GPL");
struct { __uint(type, ARRAY); __uint(max_entries, 8); __type(key, u32); __type(value, u64); } m SEC(".maps");
SEC("socket") int prog(struct __sk_buff *skb)
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
//: code: mem-stack-uninit-arg
//: line: bpf_map_update_elem
//: says: v
//: author: initialised the whole value
//: unprivileged: yes
//: first: edit
LICENSE("GPL");
struct value { u64 a; u32 b; u16 c; };
struct { __uint(type, HASH); __uint(max_entries, 10); __type(key, u32); __type(value, struct value); } m SEC(".maps");
SEC("socket") int prog(struct __sk_buff *ctx)
{
	struct value v;
	u32 key = 0;

	v.a = ctx->len;
	v.b = 2;
	v.c = 3;
	bpf_map_update_elem(&m, &key, &v, 0);
	return 0;
}
