/* Objects of the kernel, of the program and dynptrs, after they are gone or before they are there. */
#include "common.h"

struct { __uint(type, RINGBUF); __uint(max_entries, 4096); } rb SEC(".maps");
struct inner { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct value); } in SEC(".maps");
struct { __uint(type, ARRAY_OF_MAPS); __uint(max_entries, 2); __uint(key_size, 4); __array(values, struct inner); } outer SEC(".maps");
struct thing { u64 a, b; };
#define SYS(name) SEC("syscall") int name(void *ctx)
TC(bug_sock_unchecked) { struct bpf_sock_tuple t = {}; struct bpf_sock *s = bpf_sk_lookup_tcp(skb, &t, 12, -1, 0); u32 n = s->mark; bpf_sk_release(s); return n; }
TC(bug_sock_after_release) { struct bpf_sock_tuple t = {}; struct bpf_sock *s = bpf_sk_lookup_tcp(skb, &t, 12, -1, 0); if (!s) return 0; bpf_sk_release(s); return s->mark; }
TC(bug_full_sock_after_release) { struct bpf_sock_tuple t = {}; struct bpf_sock *s = bpf_sk_lookup_tcp(skb, &t, 12, -1, 0), *f; if (!s) return 0; f = bpf_sk_fullsock(s);
	if (!f) { bpf_sk_release(s); return 0; } bpf_sk_release(s); return f->mark; }
TC(bug_tcp_sock_unchecked) { struct bpf_sock *s = skb->sk; if (!s) return 0; struct bpf_tcp_sock *t = bpf_tcp_sock(s); return t->snd_cwnd; }
TC(bug_sock_of_packet_unchecked) { struct bpf_sock *s = skb->sk; return s->family; }
SYS(bug_thing_unchecked) { struct thing *t = bpf_obj_new(struct thing); t->a = 1; bpf_obj_drop(t); return 0; }
SYS(bug_thing_after_drop) { struct thing *t = bpf_obj_new(struct thing); if (!t) return 0; bpf_obj_drop(t); return t->a; }
SYS(bug_thing_dropped_twice) { struct thing *t = bpf_obj_new(struct thing); if (!t) return 0; bpf_obj_drop(t); bpf_obj_drop(t); return 0; }
SYS(bug_behind_thing) { struct thing *t = bpf_obj_new(struct thing); if (!t) return 0; u64 n = t[1].a; bpf_obj_drop(t); return n; }
TC(bug_inner_unchecked) { u32 k = skb->mark & 1, z = 0; void *i = bpf_map_lookup_elem(&outer, &k); struct value *v = bpf_map_lookup_elem(i, &z); if (!v) return 0; v->b[0] = 1; return 0; }
TC(bug_value_of_inner_unchecked) { u32 k = skb->mark & 1, z = skb->priority & 1; void *i = bpf_map_lookup_elem(&outer, &k); if (!i) return 0; struct value *v = bpf_map_lookup_elem(i, &z); v->b[0] = 1; return 0; }
TC(safe_value_of_inner) { u32 k = skb->mark & 1, z = skb->priority & HIDE(0u); void *i = bpf_map_lookup_elem(&outer, &k); if (!i) return 0; struct value *v = bpf_map_lookup_elem(i, &z); v->b[0] = 1; return 0; }
TC(safe_data_in_range) { VALUE; struct bpf_dynptr d; if (bpf_dynptr_from_mem(v, 64, 0, &d)) return 0; u64 *p = bpf_dynptr_data(&d, 8, 8); return *p; }
TC(bug_data_after_adjust) { VALUE; struct bpf_dynptr d; bpf_dynptr_from_mem(v, 64, 0, &d); bpf_dynptr_adjust(&d, 60, 64); u64 *p = bpf_dynptr_data(&d, 0, 8); return *p; }
TC(bug_data_beyond_length) { VALUE; struct bpf_dynptr d; bpf_dynptr_from_mem(v, 64, 0, &d); u8 *p = bpf_dynptr_data(&d, 56, 8); if (!p) return 0; return p[8 + (skb->mark & 7)]; }
TC(bug_clone_after_submit) { struct bpf_dynptr d, c; u64 *p; if (bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &d)) { bpf_ringbuf_discard_dynptr(&d, 0); return 0; }
	bpf_dynptr_clone(&d, &c); p = bpf_dynptr_data(&c, 0, 8); bpf_ringbuf_submit_dynptr(&d, 0); if (!p) return 0; return *p; }
TC(bug_size_of_packet) { VALUE; struct bpf_dynptr d; bpf_dynptr_from_skb(skb, 0, &d); u32 n = bpf_dynptr_size(&d); v->b[HIDE(n)] = 1; return 0; }
TC(safe_size_of_memory) { VALUE; struct bpf_dynptr d; bpf_dynptr_from_mem(v, 48, 0, &d); u32 n = bpf_dynptr_size(&d); v->b[HIDE(n)] = 1; return 0; }
TC(bug_record_behind) { u8 *r = bpf_ringbuf_reserve(&rb, 8, 0); if (!r) return 0; r[skb->mark & 15] = 1; bpf_ringbuf_submit(r, 0); return 0; }
TC(bug_record_of_size) { u8 *r = bpf_ringbuf_reserve(&rb, 8, 0); if (!r) return 0; r[HIDE(8ull)] = 1; bpf_ringbuf_submit(r, 0); return 0; }
TC(bug_record_kept_on_stack_after_submit) { VALUE; u64 *r = bpf_ringbuf_reserve(&rb, 16, 0), *keep[2]; if (!r) return 0; u64 i = skb->mark & 1; keep[0] = r; keep[1] = (void *)v; bpf_ringbuf_submit(r, 0); u64 *q = keep[0]; *q = i; return 0; }
TC(bug_second_record_unchecked) { u64 *r = bpf_ringbuf_reserve(&rb, 8, 0); if (!r) return 0; bpf_ringbuf_discard(r, 0); r = bpf_ringbuf_reserve(&rb, 8, 0); u64 n = *r; bpf_ringbuf_discard(r, 0); return n; }
SYS(bug_task_unchecked) { struct task_struct *t = bpf_task_from_pid(1); int n = t->pid; bpf_task_release(t); return n; }
SYS(bug_mask_after_release) { struct bpf_cpumask *m = bpf_cpumask_create(); if (!m) return 0; bpf_cpumask_release(m); return bpf_cpumask_test_cpu(1, (const struct cpumask *)m); }
SYS(bug_mask_unchecked) { struct bpf_cpumask *m = bpf_cpumask_create(); bpf_cpumask_set_cpu(1, m); bpf_cpumask_release(m); return 0; }
