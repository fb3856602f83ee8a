/* Functions of the program that helpers call. */
#include "common.h"

struct state { u64 at; u64 by; };
static int step(u32 i, struct state *s) { u32 k = 0; struct value *v = bpf_map_lookup_elem(&m, &k); if (!v) return 1; v->b[i] = 1; return 0; }
static int step_low(u32 i, struct state *s) { u32 k = 0; struct value *v = bpf_map_lookup_elem(&m, &k); if (!v) return 1; v->b[(u64)i + s->by] = 1; return 0; }
static int count(u32 i, struct state *s) { s->at += s->by; return 0; }
TC(bug_loop_65) { struct state s = { 0, 0 }; bpf_loop(65, step, &s, 0); return 0; }
TC(bug_loop_mark) { struct state s = { 0, 0 }; bpf_loop(skb->mark & 127, step, &s, 0); return 0; }
TC(bug_loop_behind) { struct state s = { 0, 60 }; bpf_loop(8, step_low, &s, 0); return 0; }
TC(bug_counted) { VALUE; struct state s = { 0, 1 }; bpf_loop(70, count, &s, 0); v->b[s.at] = 1; return 0; }
TC(bug_counted_by_mark) { VALUE; struct state s = { 0, skb->mark & 15 }; bpf_loop(5, count, &s, 0); v->b[s.at] = 1; return 0; }
static long each(void *map, u32 *key, struct value *value, struct state *s) { s->at += value->b[0]; return 0; }
TC(bug_each) { VALUE; struct state s = { 0, 0 }; bpf_for_each_map_elem(&four, each, &s, 0); v->b[s.at] = 1; return 0; }
TC(safe_loop_64) { struct state s = { 0, 0 }; bpf_loop(64, step, &s, 0); return 0; }
TC(safe_counted) { VALUE; struct state s = { 0, 1 }; bpf_loop(20, count, &s, 0); v->b[s.at] = 1; return 0; }
TC(safe_counted_by_mark) { VALUE; struct state s = { 0, skb->mark & 15 }; bpf_loop(4, count, &s, 0); v->b[s.at] = 1; return 0; }
