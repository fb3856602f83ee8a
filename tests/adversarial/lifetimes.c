/* Memory that is used when it is gone. */
#include "common.h"

struct { __uint(type, RINGBUF); __uint(max_entries, 4096); } rb SEC(".maps");
TC(bug_used_after_submit) { u64 *r = bpf_ringbuf_reserve(&rb, 8, 0); if (!r) return 0; bpf_ringbuf_submit(r, 0); *r = 1; return 0; }
TC(bug_used_after_discard) { u64 *r = bpf_ringbuf_reserve(&rb, 8, 0); if (!r) return 0; bpf_ringbuf_discard(r, 0); return *r; }
TC(bug_submitted_twice) { u64 *r = bpf_ringbuf_reserve(&rb, 8, 0); if (!r) return 0; bpf_ringbuf_submit(r, 0); bpf_ringbuf_discard(r, 0); return 0; }
TC(bug_copy_used_after_submit) { u64 *r = bpf_ringbuf_reserve(&rb, 16, 0), *s; if (!r) return 0; s = HIDE(r) + 1; bpf_ringbuf_submit(r, 0); *s = 1; return 0; }
TC(bug_submitted_on_one_way) { u64 *r = bpf_ringbuf_reserve(&rb, 8, 0); if (!r) return 0; if (skb->mark == 7) { bpf_ringbuf_submit(r, 0); return *r; }
	bpf_ringbuf_submit(r, 0); return 0; }
TC(bug_packet_after_pull) { u8 *p = (void *)(long)skb->data, *end = (void *)(long)skb->data_end; if (p + 20 > end) return 0;
	bpf_skb_pull_data(skb, 40); return p[3]; }
TC(bug_end_after_pull) { u8 *p, *end = (void *)(long)skb->data_end; bpf_skb_pull_data(skb, 40); p = (void *)(long)skb->data; if (p + 20 > HIDE(end)) return 0; return p[HIDE(3ull)]; }
SEC("xdp") int bug_packet_after_adjust(struct xdp_md *x) { u8 *p = (void *)(long)x->data, *end = (void *)(long)x->data_end; if (p + 20 > end) return 0;
	bpf_xdp_adjust_head(x, 4); return p[3]; }
TC(bug_slice_after_pull) { struct bpf_dynptr d; u8 *p; bpf_dynptr_from_skb(skb, 0, &d); p = bpf_dynptr_slice(&d, 0, 0, 14); if (!p) return 0;
	bpf_skb_pull_data(skb, 40); return p[3]; }
TC(bug_data_after_submit) { struct bpf_dynptr d; u64 *p; if (bpf_ringbuf_reserve_dynptr(&rb, 8, 0, &d)) { bpf_ringbuf_discard_dynptr(&d, 0); return 0; }
	p = bpf_dynptr_data(&d, 0, 8); bpf_ringbuf_submit_dynptr(&d, 0); if (!p) return 0; return *p; }
TC(bug_data_unchecked) { VALUE; struct bpf_dynptr d; bpf_dynptr_from_mem(v, 64, 0, &d); u64 *p = bpf_dynptr_data(&d, 60, 8); return *p; }
SEC("syscall") int bug_task_after_release(void *ctx) { struct task_struct *t = bpf_task_from_pid(1); if (!t) return 0; bpf_task_release(t); return t->pid; }
SEC("syscall") int bug_task_released_twice(void *ctx) { struct task_struct *t = bpf_task_from_pid(1); if (!t) return 0; bpf_task_release(t); bpf_task_release(t); return 0; }
