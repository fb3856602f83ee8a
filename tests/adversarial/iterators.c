/* Loops of iterators over numbers: they end when they have shown their last, and not before. */
#include "common.h"

#define FOR(from, to, body) { struct bpf_iter_num it; int *p; bpf_iter_num_new(&it, from, to); \
	while ((p = bpf_iter_num_next(&it))) { u64 i = (s64)*p; body; } bpf_iter_num_destroy(&it); }
TC(bug_65) { VALUE; FOR(0, 65, v->b[i] = 1) return 0; }
TC(bug_from_below) { VALUE; FOR(-1, 64, v->b[i] = 1) return 0; }
TC(bug_times_two) { VALUE; FOR(0, 33, v->b[2 * i] = 1) return 0; }
TC(bug_from_data) { VALUE; u32 n = skb->mark & 127; FOR(0, n, v->b[i] = 1) return 0; }
TC(bug_nested) { VALUE; FOR(0, 8, { u64 j = i; FOR(0, 9, v->b[8 * j + i] = 1) }) return 0; }
TC(bug_last_lookup) { struct value *v = 0; u32 k; bool any = 0; FOR(0, 20, { k = i; v = bpf_map_lookup_elem(&h, &k); any = 1; }) if (any) v->b[0] = 1; return 0; }
TC(bug_far_lookup) { struct value *v = 0; u32 k = 1; bool any = 0; FOR(0, 100000, { v = bpf_map_lookup_elem(&h, &k); any = 1; }) if (any) v->b[0] = 1; return 0; }
TC(bug_number_changed) { VALUE; struct bpf_iter_num it; int *p; bpf_iter_num_new(&it, 0, 90); while ((p = bpf_iter_num_next(&it))) { if (*p < 64) v->b[0] = 1; *p += 40; v->b[(u64)*p - 40] = 1; } bpf_iter_num_destroy(&it); return 0; }
TC(safe_64) { VALUE; FOR(0, 64, v->b[i] = 1) return 0; }
TC(safe_from_3) { VALUE; FOR(3, 60, v->b[i] = 1) return 0; }
TC(safe_times_two) { VALUE; FOR(0, 32, v->b[2 * i] = 1) return 0; }
TC(safe_from_the_end) { VALUE; FOR(0, 64, v->b[63 - i] = 1) return 0; }
TC(safe_nested) { VALUE; FOR(0, 8, { u64 j = i; FOR(0, 8, v->b[8 * j + i] = 1) }) return 0; }
