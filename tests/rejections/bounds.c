/* Numbers that decide where an access goes, or how long it is. */

//// array_index_from_packet_field
//: code: mem-map-value-range | mem-unbounded
//: line: h->slots[
//: says: skb->mark | slot
//: author: if (slot >= 16) return
//: first: edit
LICENSE("GPL");
struct hist { u64 slots[16]; };
struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct hist); } hists SEC(".maps");
SEC("tc") int prog(struct __sk_buff *skb)
{
	u32 zero = 0, slot = skb->mark;
	struct hist *h = bpf_map_lookup_elem(&hists, &zero);

	if (!h)
		return 0;
	h->slots[slot]++;
	return 0;
}

//// index_one_too_many
//: code: mem-map-value-range
//: line: h->slots[
//: says: 128
//: author: >= in place of >
//: first: edit
LICENSE("GPL");
struct hist { u64 slots[16]; };
struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct hist); } hists SEC(".maps");
SEC("tc") int prog(struct __sk_buff *skb)
{
	u32 zero = 0, slot = skb->len >> 6;
	struct hist *h = bpf_map_lookup_elem(&hists, &zero);

	if (!h)
		return 0;
	if (slot > 16)
		slot = 16;
	h->slots[slot]++;
	return 0;
}

//// signed_index_upper_only
//: code: ptr-offset-unbounded
//: line: t->v[
//: says: negative
//: author: made the index unsigned
//: first: edit
LICENSE("GPL");
struct table { u32 v[8]; };
struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct table); } m SEC(".maps");
SEC("cgroup/sysctl") int prog(struct bpf_sysctl *ctx)
{
	u32 zero = 0;
	struct table *t = bpf_map_lookup_elem(&m, &zero);
	s64 i = (s64)bpf_ktime_get_ns();

	if (!t)
		return 1;
	if (i > 7)
		return 1;
	t->v[i] = 1;
	return 1;
}

//// comm_copy_length_from_helper
//: code: call-size-negative | call-size-unbounded
//: line: bpf_ringbuf_output
//: says: n
//: author: checked n < 0 and the upper bound before handing it on
//: first: edit
LICENSE("GPL");
struct { __uint(type, RINGBUF); __uint(max_entries, 4096); } rb SEC(".maps");
HELPER(long, bpf_probe_read_user_str, 114, void *dst, u32 size, const void *src);
SEC("tracepoint/syscalls/sys_enter_openat") int prog(u64 *ctx)
{
	char buf[128];
	long n = bpf_probe_read_user_str(buf, sizeof(buf), (void *)ctx[3]);

	bpf_ringbuf_output(&rb, buf, n, 0);
	return 0;
}

//// perf_output_u32_len
//: code: call-size-unbounded | mem-stack-variable-range | call-size-zero | mem-stack-range | mem-stack-var-access
//: line: bpf_perf_event_output
//: says: len
//: author: bounded len by the size of the buffer
//: first: edit
LICENSE("GPL");
struct { __uint(type, PERF_EVENT_ARRAY); __uint(key_size, 4); __uint(value_size, 4); } events SEC(".maps");
SEC("kprobe/vfs_write") int prog(struct pt_regs *ctx)
{
	char buf[64] = {};
	u32 len = ctx->regs[12];

	bpf_perf_event_output(ctx, &events, 0xffffffff, buf, len);
	return 0;
}

//// probe_read_len_checked_too_large
//: code: mem-stack-range | call-size-unbounded | mem-stack-variable-range
//: line: bpf_probe_read_kernel
//: says: 256
//: author: compared with sizeof(buf)
//: first: edit
LICENSE("GPL");
SEC("kprobe/vfs_write") int prog(struct pt_regs *ctx)
{
	char buf[128];
	u64 len = ctx->regs[12];

	if (len > 256)
		return 0;
	bpf_probe_read_kernel(buf, len, (void *)ctx->regs[13]);
	return buf[0];
}

//// stack_array_index
//: code: mem-stack-unbounded | mem-stack-var-access | mem-stack-variable-range | mem-stack-range
//: line: buf[i]
//: says: i
//: author: i & 31
//: first: edit
LICENSE("GPL");
SEC("xdp") int prog(struct xdp_md *ctx)
{
	char buf[32] = {};
	u32 i = bpf_get_prandom_u32();

	bpf_get_current_comm(buf, 16);
	return buf[i];
}

//// global_array_index
//: code: mem-map-value-range | mem-unbounded
//: line: table[cpu]
//: says: cpu
//: author: if (cpu >= 64) return
//: first: edit
LICENSE("GPL");
u64 table[64];
SEC("raw_tp/sched_switch") int prog(void *ctx)
{
	u32 cpu = bpf_get_prandom_u32() >> 8;

	table[cpu]++;
	return 0;
}

//// field_checked_then_reloaded
//: code: mem-map-value-range | mem-unbounded
//: line: r->data[r->head]
//: says: r->head
//: author: copied head into a local variable and checked that
//: first: edit
LICENSE("GPL");
struct ring { u32 head; u32 lost; u8 data[256]; };
struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct ring); } m SEC(".maps");
SEC("tracepoint/syscalls/sys_enter_read") int prog(void *ctx)
{
	u32 zero = 0;
	struct ring *r = bpf_map_lookup_elem(&m, &zero);

	if (!r)
		return 0;
	if (r->head >= 256)
		return 0;
	r->lost = bpf_get_prandom_u32();
	barrier();
	r->data[r->head] = 1;
	return 0;
}

//// offset_plus_length
//: code: mem-map-value-range | mem-unbounded
//: line: bpf_probe_read_kernel
//: says: together
//: author: limited the offset to half of the buffer and the length to the other half
//: first: any
LICENSE("GPL");
struct buffer { char b[4096]; };
struct { __uint(type, PERCPU_ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct buffer); } heap SEC(".maps");
SEC("kprobe/vfs_write") int prog(struct pt_regs *ctx)
{
	u32 zero = 0;
	struct buffer *d = bpf_map_lookup_elem(&heap, &zero);
	u64 off = ctx->regs[12], len = ctx->regs[11];

	if (!d)
		return 0;
	if (off > 4096 || len > 4096 || off + len > 4096)
		return 0;
	bpf_probe_read_kernel(d->b + off, len, (void *)ctx->regs[13]);
	return 0;
}

//// division_result_as_index
//: code: ptr-offset-unbounded
//: line: h->slots[
//: says: slot
//: author: checked the slot after the division
//: first: edit
LICENSE("GPL");
struct hist { u64 slots[32]; };
struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct hist); } hists SEC(".maps");
SEC("kprobe/vfs_read") int prog(struct pt_regs *ctx)
{
	u32 zero = 0;
	struct hist *h = bpf_map_lookup_elem(&hists, &zero);
	u64 slot = bpf_ktime_get_ns() / 1000;

	if (!h)
		return 0;
	h->slots[slot]++;
	return 0;
}

//// modulo_as_index
//: code: ptr-offset-unbounded
//: line: ->v[
//: says: n
//: author: masked with & 15 in place of % count
//: first: edit
LICENSE("GPL");
struct table { u32 count; u64 v[16]; };
struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct table); } m SEC(".maps");
SEC("xdp") int prog(struct xdp_md *ctx)
{
	u32 zero = 0, n;
	struct table *t = bpf_map_lookup_elem(&m, &zero);

	if (!t)
		return 2;
	n = bpf_get_prandom_u32() % t->count;
	t->v[n]++;
	return 2;
}

//// constant_beyond_value
//: code: mem-map-value-range
//: line: p[64]
//: says: 64
//: author: p[63]
//: first: any
LICENSE("GPL");
struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, u8[64]); } m SEC(".maps");
SEC("xdp") int prog(struct xdp_md *ctx)
{
	u32 zero = 0;
	u8 *p = bpf_map_lookup_elem(&m, &zero);

	if (!p)
		return 2;
	p[64] = 1;
	return 2;
}

//// ringbuf_record_too_small
//: code: mem-region-range
//: line: e->args
//: says: byte 16
//: author: reserved sizeof(*e), not sizeof(e)
//: first: any
LICENSE("GPL");
struct event { u64 ts; u64 args[2]; };
struct { __uint(type, RINGBUF); __uint(max_entries, 4096); } rb SEC(".maps");
SEC("tracepoint/syscalls/sys_enter_mmap") int prog(u64 *ctx)
{
	struct event *e = bpf_ringbuf_reserve(&rb, sizeof(e), 0);

	if (!e)
		return 0;
	e->args[1] = ctx[3];
	bpf_ringbuf_submit(e, 0);
	return 0;
}

//// ringbuf_reserve_variable
//: code: call-arg-constant
//: line: bpf_ringbuf_reserve
//: says: constant
//: author: reserved the largest size, or used bpf_ringbuf_output
//: first: any
LICENSE("GPL");
struct { __uint(type, RINGBUF); __uint(max_entries, 65536); } rb SEC(".maps");
SEC("kprobe/vfs_write") int prog(struct pt_regs *ctx)
{
	u64 len = ctx->regs[12];
	char *e;

	if (len > 1024)
		len = 1024;
	e = bpf_ringbuf_reserve(&rb, len, 0);
	if (!e)
		return 0;
	bpf_ringbuf_discard(e, 0);
	return 0;
}

//// csum_diff_odd_size_ok_but_large
//: code: mem-stack-range | call-size-unbounded | mem-stack-variable-range
//: line: bpf_csum_diff
//: says: 
//: author: size limited to the buffer
//: first: edit
LICENSE("GPL");
SEC("tc") int prog(struct __sk_buff *skb)
{
	u32 buf[8] = {};
	u32 n = skb->len & 63;

	return bpf_csum_diff(NULL, 0, buf, n, 0) & 1;
}

//// loop_index_into_value
//: code: mem-map-value-range
//: line: ->names[i]
//: says: i
//: author: i < 10, the number of elements
//: first: edit
LICENSE("GPL");
struct conf { u32 n; u32 names[10]; };
struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct conf); } m SEC(".maps");
SEC("tracepoint/syscalls/sys_enter_close") int prog(void *ctx)
{
	u32 zero = 0, hits = 0;
	struct conf *c = bpf_map_lookup_elem(&m, &zero);

	if (!c)
		return 0;
	for (u32 i = 0; i < c->n && i < 16; i++)
		if (c->names[i] == (u32)bpf_get_current_pid_tgid())
			hits++;
	return hits;
}

//// two_dimensional
//: code: mem-map-value-range | mem-unbounded
//: line: cell[
//: says: row | col
//: author: checked the row as well as the column
//: first: edit
LICENSE("GPL");
struct grid { u16 cell[4][8]; };
struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct grid); } m SEC(".maps");
SEC("tc") int prog(struct __sk_buff *skb)
{
	u32 zero = 0, row = skb->cb[0], col = skb->cb[1];
	struct grid *g = bpf_map_lookup_elem(&m, &zero);

	if (!g)
		return 0;
	if (col >= 8)
		return 0;
	g->cell[row][col]++;
	return 0;
}

//// string_end_written_behind
//: code: mem-map-value-range | mem-min-negative
//: line: p->path[
//: says: n
//: author: checked n > 0 before n - 1
//: first: any
LICENSE("GPL");
struct path_buf { u32 len; char path[256]; };
struct { __uint(type, PERCPU_ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct path_buf); } m SEC(".maps");
HELPER(long, bpf_probe_read_user_str, 114, void *dst, u32 size, const void *src);
SEC("tracepoint/syscalls/sys_enter_openat") int prog(u64 *ctx)
{
	u32 zero = 0;
	struct path_buf *p = bpf_map_lookup_elem(&m, &zero);
	long n;

	if (!p)
		return 0;
	n = bpf_probe_read_user_str(p->path, 256, (void *)ctx[3]);
	p->path[n - 1] = '/';
	return 0;
}

//// shift_of_user_value
//: code: mem-map-value-range | mem-unbounded | alu-pointer-unbounded
//: line: bits[
//: says: id
//: author: if (id >= 512) return
//: first: edit
LICENSE("GPL");
u64 bits[8];
SEC("tracepoint/syscalls/sys_exit_read") int prog(u64 *ctx)
{
	u64 id = ctx[1];

	bits[id / 64] |= 1ull << (id % 64);
	return 0;
}

//// u8_index_small_table
//: code: mem-map-value-range
//: line: table[proto]
//: says: proto
//: author: made the table 256 elements large, or checked proto < 64
//: first: edit
#include "net.h"
LICENSE("GPL");
u32 table[64];
SEC("xdp") int prog(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct iphdr *ip = data + 14;
	u8 proto;

	if ((void *)(ip + 1) > data_end)
		return XDP_PASS;
	proto = ip->protocol;
	table[proto]++;
	return XDP_PASS;
}
