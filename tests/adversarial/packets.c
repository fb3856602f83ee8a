/* Packets that move, and lengths that come from them. */
#include "common.h"

HELPER(long, bpf_skb_change_tail, 38, void *skb, u32 len, u64 flags);
HELPER(long, bpf_skb_vlan_push, 18, void *skb, u16 proto, u16 tci);
HELPER(long, bpf_clone_redirect, 13, void *skb, u32 ifindex, u64 flags);
HELPER(long, bpf_xdp_adjust_meta, 54, void *xdp, int delta);
HELPER(long, bpf_xdp_adjust_tail, 65, void *xdp, int delta);
struct { __uint(type, PROG_ARRAY); __uint(max_entries, 2); __uint(key_size, 4); __uint(value_size, 4); } jumps SEC(".maps");
#define PACKET u8 *p = (void *)(long)skb->data, *end = (void *)(long)skb->data_end
#define XDP(name) SEC("xdp") int name(struct xdp_md *skb)
TC(bug_packet_after_vlan) { PACKET; if (p + 20 > end) return 0; bpf_skb_vlan_push(skb, 0x81, 1); return p[3]; }
TC(bug_packet_after_store) { PACKET; u8 b = 1; if (p + 20 > end) return 0; bpf_skb_store_bytes(skb, 0, &b, 1, 0); return p[3]; }
TC(bug_packet_after_clone) { PACKET; if (p + 20 > end) return 0; bpf_clone_redirect(skb, 1, 0); return p[3]; }
XDP(bug_packet_after_tail) { PACKET; if (p + 20 > end) return 0; bpf_xdp_adjust_tail(skb, -10); return p[13]; }
XDP(bug_slice_after_tail) { struct bpf_dynptr d; bpf_dynptr_from_xdp(skb, 0, &d); u8 *s = bpf_dynptr_slice(&d, 0, 0, 14); if (!s) return 0; bpf_xdp_adjust_tail(skb, -10); return s[13]; }
XDP(bug_meta_after_meta) { u8 *m = (void *)(long)skb->data_meta, *p = (void *)(long)skb->data; if (m + 4 > p) return 0; bpf_xdp_adjust_meta(skb, 4); return *m; }
TC(bug_slice_by_room_after_pull) { struct bpf_dynptr d; u8 room[14]; bpf_dynptr_from_skb(skb, 0, &d); u8 *s = bpf_dynptr_slice(&d, 0, room, 14); if (!s) return 0; bpf_skb_pull_data(skb, 40); return s[3]; }
static __noinline int pull(struct __sk_buff *skb) { return bpf_skb_pull_data(skb, 40); }
__noinline int pull_global(struct __sk_buff *skb) { return bpf_skb_pull_data(skb, 40); }
__noinline int jump_global(struct __sk_buff *skb) { bpf_tail_call(skb, &jumps, 0); return 0; }
TC(bug_packet_after_callee_pulled) { PACKET; if (p + 20 > end) return 0; pull(skb); return p[3]; }
TC(bug_packet_after_global_pulled) { PACKET; if (p + 20 > end) return 0; pull_global(skb); return p[3]; }
TC(bug_packet_after_jump_in_callee) { PACKET; if (p + 20 > end) return 0; jump_global(skb); return p[3]; }
TC(bug_length_of_packet) { PACKET; if (p + 20 > end) return 0; u32 n = p[0]; return *(p + HIDE(n)); }
TC(bug_length_plus_one) { PACKET; if (p + 20 > end) return 0; u64 n = p[0]; if (p + n > end) return 0; return p[n]; }
TC(bug_length_checked_in_bytes) { PACKET; if (p + 20 > end) return 0; u8 n = p[0]; u8 all = n + 16; if (p + all > end) return 0; return p[HIDE((u64)n) + 15]; }
TC(bug_checked_backwards) { PACKET; if (p + 20 < end) return 0; return p[19]; }
TC(bug_one_short) { PACKET; if (p + 20 > end + 1) return 0; return p[19]; }
TC(safe_far_in_packet) { PACKET; u64 n = skb->mark; u8 *q = p + n; if (q + 8 > end) return 0; return q[7]; }
TC(safe_length_as_difference) { PACKET; u64 n = end - p; if (n < 20) return 0; return p[19]; }
TC(safe_by_index_below_length) { PACKET; u64 n = end - p, i = skb->mark; if (i >= n) return 0; return p[i]; }
TC(bug_by_index_at_length) { PACKET; u64 n = end - p, i = skb->mark & 15; if (i > n) return 0; return p[n - i]; }
TC(safe_from_the_end) { PACKET; if (p + 20 > end) return 0; return *(end - 5); }
TC(bug_from_the_end) { PACKET; if (p + 20 > end) return 0; return *(end - 21); }
XDP(safe_meta_before_data) { u8 *m = (void *)(long)skb->data_meta, *p = (void *)(long)skb->data; u64 n = p - m; if (n < 4) return 0; return m[3]; }
XDP(bug_meta_of_packet) { u8 *m = (void *)(long)skb->data_meta, *e = (void *)(long)skb->data_end; u8 *p = (void *)(long)skb->data; if (m + 4 > e) return 0; return p[HIDE(17ull)]; }
