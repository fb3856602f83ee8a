/* Two names for the same memory. */
#include "common.h"

TC(bug_index_by_other_name) { u32 k = 0, l = 0; struct wide *v = bpf_map_lookup_elem(&own, &k), *w = bpf_map_lookup_elem(&own, HIDE(&l));
	if (!v || !w) return 0; v->w[0] = 5; barrier(); w->w[0] = skb->mark & 127; barrier(); v->w[v->w[0]] = 1; return 0; }
TC(bug_written_at_variable_place) { VALUE; u64 a[4] = { 0, 0, 0, 0 }; u64 at = HIDE(skb->mark & 3); barrier_var(at);
	u64 *p = a; barrier_var(p); p[at] = 90; barrier(); v->b[p[1]] = 1; return 0; }
TC(bug_low_byte_by_other_name) { VALUE; u64 i = 5; u8 *low = (u8 *)&i; barrier_var(low); *(low + (skb->mark & 1)) = 1; barrier(); v->b[i] = 1; return 0; }
static __noinline int raise(u64 *at, u64 by) { *at += by; return 0; }
TC(bug_raised_by_callee) { VALUE; u64 i = 60; raise(&i, skb->mark & 7); v->b[i] = 1; return 0; }
TC(bug_end_by_other_name) { u8 *p = (void *)(long)skb->data, *end = (void *)(long)skb->data_end; u64 n = skb->mark & 63; u8 *q = p + n;
	if (p + 30 > end) return 0; return *(HIDE(q)); }
TC(bug_filled_over_index) { VALUE; u64 i = 3; bpf_probe_read_kernel(&i, 1, v); v->b[HIDE(i)] = 1; return 0; }
TC(safe_own_number) { u32 k = 0; struct wide *v = bpf_map_lookup_elem(&own, &k); if (!v) return 0;
	v->w[0] = skb->mark & 63; barrier(); v->w[v->w[0]] = 1; return 0; }
TC(safe_by_bytes) { VALUE; volatile u8 a[8]; u64 i = skb->mark & 63; for (int n = 0; n < 8; n++) a[n] = i >> (8 * n); barrier();
	u64 j = *(volatile u64 *)a; v->b[j] = 1; return 0; }
TC(safe_raised_by_callee) { VALUE; u64 i = 56; u64 n = skb->mark & 7; raise(&i, n); u64 j = HIDE(i) ^ ZERO(n); v->b[j] = 1; return 0; }
TC(safe_halves) { VALUE; volatile u32 a[2]; u32 n = skb->mark & 63; a[0] = n; a[1] = 0; barrier(); v->b[*(volatile u64 *)a] = 1; return 0; }
