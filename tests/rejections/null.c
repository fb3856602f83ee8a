/* Results that may be null: lookups, reservations, kernel objects. */

//// lookup_increment
//: code: mem-invalid-access
//: line: *count += 1
//: says: null
//: author: if (count)
//: first: edit
LICENSE("GPL");
struct { __uint(type, HASH); __uint(max_entries, 1024); __type(key, u32); __type(value, u64); } counts SEC(".maps");
SEC("tracepoint/syscalls/sys_enter_openat") int prog(void *ctx)
{
	u32 pid = bpf_get_current_pid_tgid() >> 32;
	u64 *count = bpf_map_lookup_elem(&counts, &pid);

	*count += 1;
	return 0;
}

//// lookup_twice_checked_once
//: code: mem-invalid-access
//: line: b->bytes
//: says: `b`
//: author: checked b as well
//: first: edit
LICENSE("GPL");
struct stats { u64 packets, bytes; };
struct { __uint(type, HASH); __uint(max_entries, 2); __type(key, u32); __type(value, struct stats); } m SEC(".maps");
SEC("xdp") int prog(struct xdp_md *ctx)
{
	u32 zero = 0, one = 1;
	struct stats *a = bpf_map_lookup_elem(&m, &zero);
	struct stats *b = bpf_map_lookup_elem(&m, &one);

	if (!a)
		return 2;
	a->packets++;
	b->bytes += 64;
	return 2;
}

//// lookup_checked_in_other_branch
//: code: mem-invalid-access
//: line: s->count
//: says: `s`
//: author: moved the use into the branch where s is not null
//: first: edit
LICENSE("GPL");
struct state { u32 count, limit; };
struct { __uint(type, LRU_HASH); __uint(max_entries, 100); __type(key, u64); __type(value, struct state); } m SEC(".maps");
SEC("cgroup_skb/egress") int prog(struct __sk_buff *skb)
{
	u64 key = bpf_get_socket_cookie(skb);
	struct state *s = bpf_map_lookup_elem(&m, &key);
	struct state fresh = { .count = 1, .limit = 10 };

	if (!s)
		bpf_map_update_elem(&m, &key, &fresh, 0);
	if (s->count > 5)
		return 0;
	return 1;
}

//// lookup_after_update_unchecked
//: code: mem-invalid-access
//: line: e->hits
//: says: `e`
//: author: checked the second lookup too
//: first: edit
LICENSE("GPL");
struct entry { u64 hits; };
struct { __uint(type, HASH); __uint(max_entries, 100); __type(key, u32); __type(value, struct entry); } m SEC(".maps");
SEC("kprobe/tcp_connect") int prog(struct pt_regs *ctx)
{
	u32 key = bpf_get_smp_processor_id();
	struct entry *e = bpf_map_lookup_elem(&m, &key);

	if (!e) {
		struct entry fresh = {};
		bpf_map_update_elem(&m, &key, &fresh, 1);
		e = bpf_map_lookup_elem(&m, &key);
	}
	e->hits++;
	return 0;
}

//// ringbuf_reserve_unchecked
//: code: mem-invalid-access
//: line: e->pid
//: says: bpf_ringbuf_reserve
//: author: if (!e) return 0
//: first: edit
LICENSE("GPL");
struct event { u32 pid; char comm[16]; };
struct { __uint(type, RINGBUF); __uint(max_entries, 4096); } rb SEC(".maps");
SEC("tracepoint/sched/sched_process_exec") int prog(void *ctx)
{
	struct event *e = bpf_ringbuf_reserve(&rb, sizeof(*e), 0);

	e->pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	bpf_ringbuf_submit(e, 0);
	return 0;
}

//// ringbuf_submit_null
//: code: call-arg-null | call-arg-type
//: line: bpf_ringbuf_submit
//: says: null
//: author: returned when the reservation failed
//: first: edit
LICENSE("GPL");
struct event { u64 ts; };
struct { __uint(type, RINGBUF); __uint(max_entries, 4096); } rb SEC(".maps");
SEC("fentry/do_unlinkat") int prog(void *ctx)
{
	struct event *e = bpf_ringbuf_reserve(&rb, sizeof(*e), 0);

	if (e)
		e->ts = bpf_ktime_get_ns();
	bpf_ringbuf_submit(e, 0);
	return 0;
}

//// per_cpu_lookup_in_one_line
//: code: mem-invalid-access
//: line: bpf_map_lookup_elem
//: says: null
//: author: kept the pointer in a variable and checked it
//: first: any
LICENSE("GPL");
struct { __uint(type, PERCPU_HASH); __uint(max_entries, 1); __type(key, u32); __type(value, u64); } total SEC(".maps");
SEC("xdp") int prog(struct xdp_md *ctx)
{
	u32 zero = 0;

	*(u64 *)bpf_map_lookup_elem(&total, &zero) += ctx->data_end - ctx->data;
	return 2;
}

//// map_in_map_inner_unchecked
//: code: call-arg-type | call-arg-null
//: line: bpf_map_lookup_elem(inner
//: says: `inner`
//: author: checked the inner map before its lookup
//: first: edit
LICENSE("GPL");
struct inner { __uint(type, ARRAY); __uint(max_entries, 4); __type(key, u32); __type(value, u32); } first SEC(".maps");
struct { __uint(type, ARRAY_OF_MAPS); __uint(max_entries, 4); __uint(key_size, 4); __array(values, struct inner); } outer SEC(".maps") = {
	.values = { &first },
};
SEC("tc") int prog(struct __sk_buff *skb)
{
	u32 key = skb->mark & 3;
	void *inner = bpf_map_lookup_elem(&outer, &key);
	u32 *v = bpf_map_lookup_elem(inner, &key);

	if (!v)
		return 0;
	skb->priority = *v;
	return 0;
}

//// sk_lookup_unchecked
//: code: mem-invalid-access
//: line: sk->state
//: says: `sk`
//: author: if (!sk) return
//: first: edit
LICENSE("GPL");
SEC("tc") int prog(struct __sk_buff *skb)
{
	struct bpf_sock_tuple t = { .daddr = 1, .dport = 80 };
	struct bpf_sock *sk = bpf_sk_lookup_tcp(skb, &t, 12, -1, 0);
	int listening;

	listening = sk->state == 10;
	bpf_sk_release(sk);
	return listening ? 0 : 2;
}

//// skb_sk_member_unchecked
//: code: mem-invalid-access
//: line: skb->sk->mark
//: says: skb->sk
//: author: struct bpf_sock *sk = skb->sk; if (!sk) return 1;
//: first: any
LICENSE("GPL");
SEC("cgroup_skb/ingress") int prog(struct __sk_buff *skb)
{
	return skb->sk->mark == 7;
}

//// task_storage_may_fail
//: code: mem-invalid-access
//: line: *start
//: says: `start`
//: author: if (start)
//: first: edit
LICENSE("GPL");
struct { __uint(type, TASK_STORAGE); __uint(map_flags, 1); __type(key, int); __type(value, u64); } begun SEC(".maps");
SEC("tp_btf/sched_wakeup") int prog(u64 *ctx)
{
	struct task_struct *p = (void *)ctx[0];
	u64 *start = bpf_task_storage_get(&begun, p, NULL, 1);

	*start = bpf_ktime_get_ns();
	return 0;
}

//// dynptr_data_unchecked
//: code: mem-invalid-access
//: line: *v
//: says: `v`
//: author: checked bpf_dynptr_data()'s result
//: first: any
LICENSE("GPL");
struct { __uint(type, RINGBUF); __uint(max_entries, 4096); } rb SEC(".maps");
SEC("tracepoint/syscalls/sys_enter_kill") int prog(void *ctx)
{
	struct bpf_dynptr d;
	u64 *v;

	bpf_ringbuf_reserve_dynptr(&rb, 64, 0, &d);
	v = bpf_dynptr_data(&d, 0, 8);
	*v = bpf_ktime_get_ns();
	bpf_ringbuf_submit_dynptr(&d, 0);
	return 0;
}

//// struct_pointer_member_null_check_of_sum
//: code: ptr-arith-or-null
//: line: p + 8
//: says: null
//: author: checked the result before computing on it
//: first: any
LICENSE("GPL");
struct { __uint(type, HASH); __uint(max_entries, 10); __type(key, u32); __type(value, u8[64]); } m SEC(".maps");
SEC("xdp") int prog(struct xdp_md *ctx)
{
	u32 key = ctx->rx_queue_index;
	u8 *p = bpf_map_lookup_elem(&m, &key);
	u8 *q = p + 8;

	barrier_var(q);
	if (!p)
		return 2;
	return *q;
}

//// kptr_xchg_result_unchecked
//: code: kfunc-arg-null
//: line: bpf_task_release
//: says: `old`
//: author: if (old) bpf_task_release(old)
//: first: any
#include "kptr_map.h"
SEC("tp_btf/task_newtask") int prog(u64 *ctx)
{
	u32 zero = 0;
	struct value *v = bpf_map_lookup_elem(&m, &zero);
	struct task_struct *old;

	if (!v)
		return 0;
	old = bpf_kptr_xchg(&v->owned, NULL);
	bpf_task_release(old);
	return 0;
}

//// task_from_pid_unchecked
//: code: mem-invalid-access
//: line: t->tgid
//: says: `t`
//: author: if (!t) return 0
//: first: edit
LICENSE("GPL");
SEC("tp_btf/task_newtask") int prog(u64 *ctx)
{
	struct task_struct *t = bpf_task_from_pid(1);
	int tgid = t->tgid;

	bpf_task_release(t);
	return tgid == 1;
}
