// Storage of sockets with a number of entries and memory in advance: it has neither.
#include "bpf.h"
LICENSE("GPL");
struct { __uint(type, SK_STORAGE); __uint(max_entries, 2); __type(key, int); __type(value, u32); } kept SEC(".maps");
SEC("tc") int keep(struct __sk_buff *skb) { return skb->sk ? bpf_sk_storage_get(&kept, skb->sk, 0, 1) != 0 : 0; }
