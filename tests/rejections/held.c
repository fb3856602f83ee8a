/* What is held: references, locks, sections, iterators, dynptrs. */

//// sk_leaked_on_early_return
//: code: ref-leak
//: line: 
//: says: bpf_sk_lookup_tcp
//: author: bpf_sk_release(sk) before the early return
//: first: edit
LICENSE("GPL");
SEC("tc") int prog(struct __sk_buff *skb)
{
	struct bpf_sock_tuple t = { .daddr = 1, .dport = 80 };
	struct bpf_sock *sk = bpf_sk_lookup_tcp(skb, &t, 12, -1, 0);

	if (!sk)
		return 0;
	if (sk->state != 10)
		return 2;
	bpf_sk_release(sk);
	return 0;
}

//// ringbuf_not_discarded
//: code: ref-leak
//: line: 
//: says: bpf_ringbuf_reserve
//: author: bpf_ringbuf_discard(e, 0) on the error path
//: first: edit
LICENSE("GPL");
struct event { u32 pid; char comm[16]; };
struct { __uint(type, RINGBUF); __uint(max_entries, 4096); } rb SEC(".maps");
SEC("tracepoint/syscalls/sys_enter_execve") int prog(void *ctx)
{
	struct event *e = bpf_ringbuf_reserve(&rb, sizeof(*e), 0);

	if (!e)
		return 0;
	e->pid = bpf_get_current_pid_tgid();
	if (bpf_get_current_comm(e->comm, 16) < 0)
		return 0;
	bpf_ringbuf_submit(e, 0);
	return 0;
}

//// ringbuf_used_after_submit
//: code: mem-invalid-access
//: line: e->pid
//: says: bpf_ringbuf_submit
//: author: read before submitting
//: first: any
LICENSE("GPL");
struct event { u32 pid; u32 uid; };
struct { __uint(type, RINGBUF); __uint(max_entries, 4096); } rb SEC(".maps");
u32 last;
SEC("tracepoint/syscalls/sys_enter_execve") int prog(void *ctx)
{
	struct event *e = bpf_ringbuf_reserve(&rb, sizeof(*e), 0);

	if (!e)
		return 0;
	e->pid = bpf_get_current_pid_tgid();
	e->uid = 0;
	bpf_ringbuf_submit(e, 0);
	last = e->pid;
	return 0;
}

//// ringbuf_dynptr_not_discarded_on_failure
//: code: ref-leak
//: line: 
//: says: bpf_ringbuf_reserve_dynptr
//: author: bpf_ringbuf_discard_dynptr also when it failed
//: first: edit
LICENSE("GPL");
struct { __uint(type, RINGBUF); __uint(max_entries, 4096); } rb SEC(".maps");
SEC("tracepoint/syscalls/sys_enter_execve") int prog(void *ctx)
{
	struct bpf_dynptr d;
	u64 x = 1;

	if (bpf_ringbuf_reserve_dynptr(&rb, 16, 0, &d))
		return 0;
	bpf_dynptr_write(&d, 0, &x, 8, 0);
	bpf_ringbuf_submit_dynptr(&d, 0);
	return 0;
}

//// task_leaked
//: code: ref-leak
//: line: 
//: says: bpf_task_from_pid
//: author: bpf_task_release(t)
//: first: edit
LICENSE("GPL");
u32 seen;
SEC("tp_btf/task_newtask") int prog(u64 *ctx)
{
	struct task_struct *t = bpf_task_from_pid(1);

	if (t)
		seen = t->tgid;
	return 0;
}

//// cgroup_overwritten_in_loop
//: code: ref-leak
//: line: 
//: says: bpf_cgroup_from_id
//: author: released in every round
//: first: any
LICENSE("GPL");
u32 level;
SEC("tp_btf/task_newtask") int prog(u64 *ctx)
{
	struct cgroup *c = NULL;

	for (int i = 1; i < 4; i++) {
		c = bpf_cgroup_from_id(i);
		if (c)
			level = c->level;
	}
	if (c)
		bpf_cgroup_release(c);
	return 0;
}

//// obj_new_leaked
//: code: ref-leak
//: line: 
//: says: bpf_obj_new
//: author: bpf_obj_drop(n)
//: first: any
#include "graph_map.h"
SEC("tc") int prog(struct __sk_buff *skb)
{
	struct node *n = bpf_obj_new(struct node);

	if (!n)
		return 0;
	n->data = skb->mark;
	return 0;
}

//// list_push_without_lock
//: code: graph-lock-not-held
//: line: bpf_list_push_front
//: says: lock
//: author: bpf_spin_lock around the push
//: first: any
#include "graph_map.h"
SEC("tc") int prog(struct __sk_buff *skb)
{
	u32 zero = 0;
	struct value *v = bpf_map_lookup_elem(&m, &zero);
	struct node *n;

	if (!v)
		return 0;
	n = bpf_obj_new(struct node);
	if (!n)
		return 0;
	bpf_list_push_front(&v->head, &n->list);
	return 0;
}

//// lock_not_unlocked_on_early_return
//: code: lock-spin-unlock-missing | lock-held-at-exit | spin-unlock-missing | lock-unlock-missing
//: line: 
//: says: lock
//: author: bpf_spin_unlock before the return
//: first: edit
#include "locked_map.h"
SEC("tc") int prog(struct __sk_buff *skb)
{
	u32 zero = 0;
	struct value *v = bpf_map_lookup_elem(&m, &zero);

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	if (v->n > 100)
		return 2;
	v->n++;
	bpf_spin_unlock(&v->lock);
	return 0;
}

//// helper_under_lock
//: code: lock-call-while-held
//: line: bpf_ktime_get_ns
//: says: bpf_ktime_get_ns
//: author: took the time before the lock
//: first: any
#include "locked_map.h"
SEC("tc") int prog(struct __sk_buff *skb)
{
	u32 zero = 0;
	struct value *v = bpf_map_lookup_elem(&m, &zero);

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	v->n = bpf_ktime_get_ns();
	bpf_spin_unlock(&v->lock);
	return 0;
}

//// unlock_without_lock
//: code: lock-not-held | spin-unlock-without-lock | lock-none
//: line: bpf_spin_unlock
//: says: lock
//: author: took the lock first
//: first: any
#include "locked_map.h"
SEC("tc") int prog(struct __sk_buff *skb)
{
	u32 zero = 0;
	struct value *v = bpf_map_lookup_elem(&m, &zero);

	if (!v)
		return 0;
	v->n++;
	bpf_spin_unlock(&v->lock);
	return 0;
}

//// rcu_section_left_open
//: code: rcu-held-at-exit
//: line: 
//: says: RCU
//: author: bpf_rcu_read_unlock() on that path
//: first: edit
LICENSE("GPL");
int pid;
SEC("lsm.s/file_open") int prog(void *ctx)
{
	struct task_struct *t = bpf_get_current_task_btf(), *parent;

	bpf_rcu_read_lock();
	parent = t->real_parent;
	if (!parent)
		return 0;
	pid = parent->pid;
	bpf_rcu_read_unlock();
	return 0;
}

//// sleeping_in_rcu
//: code: call-may-sleep-rcu | call-may-sleep
//: line: bpf_copy_from_user
//: says: bpf_copy_from_user
//: author: after bpf_rcu_read_unlock()
//: first: any
LICENSE("GPL");
SEC("lsm.s/file_open") int prog(u64 *ctx)
{
	u64 x = 0;

	bpf_rcu_read_lock();
	bpf_copy_from_user(&x, 8, (void *)ctx[1]);
	bpf_rcu_read_unlock();
	return 0;
}

//// preempt_left_disabled
//: code: preempt-held-at-exit
//: line: 
//: says: preempt
//: author: bpf_preempt_enable()
//: first: edit
LICENSE("GPL");
u64 n;
SEC("fentry/do_unlinkat") int prog(u64 *ctx)
{
	bpf_preempt_disable();
	n++;
	return 0;
}

//// iterator_not_destroyed
//: code: ref-leak
//: line: 
//: says: bpf_iter_num_new
//: author: bpf_iter_num_destroy(&it)
//: first: edit
LICENSE("GPL");
SEC("raw_tp/sys_enter") int prog(void *ctx)
{
	struct bpf_iter_num it;
	int *i, sum = 0;

	bpf_iter_num_new(&it, 0, 10);
	while ((i = bpf_iter_num_next(&it)))
		sum += *i;
	return sum;
}

//// iterator_not_begun
//: code: iter-not-init
//: line: bpf_iter_num_next
//: says: it
//: author: bpf_iter_num_new(&it, 0, 10)
//: first: any
LICENSE("GPL");
SEC("raw_tp/sys_enter") int prog(void *ctx)
{
	struct bpf_iter_num it;
	int *i, sum = 0;

	while ((i = bpf_iter_num_next(&it)))
		sum += *i;
	bpf_iter_num_destroy(&it);
	return sum;
}

//// iterator_task_without_rcu
//: code: kfunc-needs-rcu
//: line: bpf_iter_task_new
//: says: RCU
//: author: bpf_rcu_read_lock() around the loop
//: first: any
LICENSE("GPL");
SEC("lsm.s/file_open") int prog(void *ctx)
{
	struct bpf_iter_task it;
	struct task_struct *t;
	int n = 0;

	bpf_iter_task_new(&it, NULL, 0);
	while ((t = bpf_iter_task_next(&it)))
		n++;
	bpf_iter_task_destroy(&it);
	return 0;
}

//// dynptr_used_uninitialised
//: code: dynptr-not-init
//: line: bpf_dynptr_read
//: says: d
//: author: bpf_dynptr_from_mem
//: first: any
LICENSE("GPL");
SEC("raw_tp/sys_enter") int prog(void *ctx)
{
	struct bpf_dynptr d;
	u64 x = 0;

	bpf_dynptr_read(&x, 8, &d, 0, 0);
	return x & 1;
}

//// dynptr_after_submit
//: code: dynptr-not-init
//: line: bpf_dynptr_write
//: says: d
//: author: wrote before submitting
//: first: any
LICENSE("GPL");
struct { __uint(type, RINGBUF); __uint(max_entries, 4096); } rb SEC(".maps");
SEC("raw_tp/sys_enter") int prog(void *ctx)
{
	struct bpf_dynptr d;
	u64 x = 1;

	bpf_ringbuf_reserve_dynptr(&rb, 16, 0, &d);
	bpf_ringbuf_submit_dynptr(&d, 0);
	bpf_dynptr_write(&d, 0, &x, 8, 0);
	return 0;
}

//// dynptr_slice_after_adjust_head
//: code: mem-invalid-access
//: line: p[0]
//: says: p
//: author: took the slice again
//: first: any
LICENSE("GPL");
SEC("xdp") int prog(struct xdp_md *ctx)
{
	struct bpf_dynptr d;
	u8 buf[16], *p;

	bpf_dynptr_from_xdp(ctx, 0, &d);
	p = bpf_dynptr_slice(&d, 0, buf, 16);
	if (!p)
		return 2;
	if (bpf_xdp_adjust_head(ctx, 4))
		return 1;
	return p[0] & 1;
}

//// timer_in_map_without_type
//: code: call-map-btf | call-timer-map | call-field-missing
//: line: bpf_timer_init
//: says: 
//: author: declared the value with __type
//: first: any
LICENSE("GPL");
struct { __uint(type, ARRAY); __uint(max_entries, 1); __uint(key_size, 4); __uint(value_size, 24); } m SEC(".maps");
SEC("tc") int prog(struct __sk_buff *skb)
{
	u32 zero = 0;
	struct bpf_timer *t = bpf_map_lookup_elem(&m, &zero);

	if (!t)
		return 0;
	bpf_timer_init(t, &m, 1);
	return 0;
}
