/* What a hook, a context or a map allows. */

//// xdp_returns_helper_result
//: code: call-return-range | return-range | exit-return-range
//: line: return
//: says: 
//: author: mapped the number to 0 or 1
//: first: any
LICENSE("GPL");
SEC("cgroup_skb/egress") int prog(struct __sk_buff *skb)
{
	return skb->len;
}

//// lsm_returns_positive
//: code: call-return-range | return-range | exit-return-range
//: line: return
//: says: 
//: author: return -1 (EPERM)
//: first: any
LICENSE("GPL");
SEC("lsm/file_open") int prog(u64 *ctx)
{
	struct file *f = (void *)ctx[0];

	return f->f_flags & 1;
}

//// sock_create_returns_two
//: code: call-return-range | return-range | exit-return-range
//: line: return 2 | }
//: says: 2
//: author: return 1
//: first: any
LICENSE("GPL");
SEC("cgroup/sock_create") int prog(struct bpf_sock *ctx)
{
	if (ctx->family == 10)
		return 2;
	return 1;
}

//// struct_ops_not_here_fentry_returns
//: code: call-return-range | return-range | exit-return-range
//: line: return
//: says: 
//: author: return 0
//: first: any
LICENSE("GPL");
SEC("fentry/do_unlinkat") int prog(u64 *ctx)
{
	return bpf_get_smp_processor_id() == 1;
}

//// skb_write_len
//: code: mem-ctx
//: line: skb->len
//: says: skb->len
//: author: bpf_skb_change_tail
//: first: any
LICENSE("GPL");
SEC("tc") int prog(struct __sk_buff *skb)
{
	skb->len = 64;
	return 0;
}

//// skb_mark_u64
//: code: mem-ctx
//: line: skb->mark
//: says: 8
//: author: read 4 bytes
//: first: edit
LICENSE("GPL");
SEC("tc") int prog(struct __sk_buff *skb)
{
	return *(u64 *)&skb->mark & 1;
}

//// cgroup_skb_writes_data
//: code: mem-packet-read-only
//: line: data[0]
//: says: cgroup_skb
//: author: did it at tc
//: first: any
LICENSE("GPL");
SEC("cgroup_skb/egress") int prog(struct __sk_buff *skb)
{
	u8 *data = (u8 *)(long)skb->data, *data_end = (u8 *)(long)skb->data_end;

	if (data + 1 > data_end)
		return 1;
	data[0] = 0;
	return 1;
}

//// sock_addr_write_port_u32_in_getpeer
//: code: mem-ctx
//: line: ctx->user_ip6
//: says: user_ip6
//: author: user_ip4 for connect4
//: first: any
LICENSE("GPL");
SEC("cgroup/connect4") int prog(struct bpf_sock_addr *ctx)
{
	ctx->user_ip6[0] = 1;
	return 1;
}

//// tracepoint_context_beyond
//: code: mem-ctx
//: line: ctx[
//: says: 
//: author: read a field that exists
//: first: any
LICENSE("GPL");
SEC("tracepoint/syscalls/sys_enter_openat") int prog(u64 *ctx)
{
	return ctx[1100] & 1;
}

//// context_pointer_arithmetic
//: code: mem-ptr-variable-offset
//: line: cb[
//: says: 
//: author: unrolled with constants
//: first: any
LICENSE("GPL");
SEC("tc") int prog(struct __sk_buff *skb)
{
	u32 i = bpf_get_prandom_u32() & 3;

	return skb->cb[i];
}

//// rodata_written
//: code: mem-map-read-only
//: line: *p = 11
//: says: only read
//: author: dropped const
//: first: any
LICENSE("GPL");
const volatile u32 limit = 10;
SEC("xdp") int prog(struct xdp_md *ctx)
{
	u32 *p = (u32 *)&limit;

	barrier_var(p);
	*p = 11;
	return 2;
}

//// kernel_struct_written
//: code: mem-btf-write | mem-read-only | mem-btf-read-only
//: line: t->flags
//: says: t->flags
//: author: not possible
//: first: any
LICENSE("GPL");
SEC("tp_btf/sched_process_exec") int prog(u64 *ctx)
{
	struct task_struct *t = (void *)ctx[0];

	t->flags = 0;
	return 0;
}

//// map_read_only_for_programs
//: code: call-map-read-only
//: line: bpf_map_update_elem
//: says: 
//: author: removed BPF_F_RDONLY_PROG
//: first: any
LICENSE("GPL");
struct { __uint(type, HASH); __uint(max_entries, 8); __uint(map_flags, F_RDONLY_PROG); __type(key, u32); __type(value, u64); } m SEC(".maps");
SEC("xdp") int prog(struct xdp_md *ctx)
{
	u32 k = 1;
	u64 v = 2;

	bpf_map_update_elem(&m, &k, &v, 0);
	return 2;
}

//// pointer_stored_into_map_unprivileged
//: code: mem-leaks-addr | call-leaks-addr | mem-map-leaks
//: line: *v
//: says: 
//: author: did not store the pointer
//: first: any
//: unprivileged: yes
LICENSE("GPL");
struct { __uint(type, HASH); __uint(max_entries, 8); __type(key, u32); __type(value, u64); } m SEC(".maps");
SEC("socket") int prog(struct __sk_buff *skb)
{
	u32 k = 1;
	u64 *v = bpf_map_lookup_elem(&m, &k);

	if (v)
		*v = (u64)skb;
	return 0;
}

//// pointer_multiplied
//: code: ptr-arith-operator
//: line: * 2
//: says: 
//: author: multiplied the index
//: first: any
//: unprivileged: yes
LICENSE("GPL");
SEC("socket") int prog(struct __sk_buff *skb)
{
	u64 p = (u64)skb * 2;

	barrier_var(p);
	return p & 1;
}

//// atomic_on_packet
//: code: mem-atomic-store
//: line: __sync_fetch_and_add
//: says: 
//: author: plain addition
//: first: any
LICENSE("GPL");
SEC("xdp") int prog(struct xdp_md *ctx)
{
	u32 *data = (u32 *)(long)ctx->data;
	u32 *data_end = (u32 *)(long)ctx->data_end;

	if (data + 1 > data_end)
		return 2;
	__sync_fetch_and_add(data, 1);
	return 2;
}

//// global_function_pointer_argument
//: code: mem-range | reg-pointer-or-null | mem-invalid-access
//: line: 
//: says: 
//: author: made it static
//: first: any
LICENSE("GPL");
struct pkt { u32 len; u32 mark; };
__noinline int score(struct pkt *p)
{
	return p->len + p->mark;
}
SEC("tc") int prog(struct __sk_buff *skb)
{
	struct pkt p = { .len = skb->len, .mark = skb->mark };

	return score(&p) & 1;
}

//// global_function_context_type
//: code: mem-arg-type
//: line: 
//: says: 
//: author: declared the parameter as the context's type
//: first: any
LICENSE("GPL");
struct my_ctx { u32 len; };
__noinline int length(struct my_ctx *c)
{
	if (!c)
		return 0;
	return c->len;
}
SEC("tc") int prog(struct __sk_buff *skb)
{
	return length((struct my_ctx *)skb) & 1;
}
