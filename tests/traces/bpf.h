/* What the cases use of the BPF interface besides the headers of the system, under the names that people know. */
#pragma once
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <linux/udp.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;
typedef __s64 s64;

#define SEC(name) __attribute__((section(name), used))
#define __uint(name, val) int(*name)[val]
#define __type(name, val) typeof(val) *name
#define __noinline __attribute__((noinline))
#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#define __ksym __attribute__((section(".ksyms")))
#define __weak __attribute__((weak))
#define __core __attribute__((preserve_access_index))
#define bpf_htons(x) __builtin_bswap16(x)
#define bpf_ntohs(x) __builtin_bswap16(x)
#define bpf_ntohl(x) __builtin_bswap32(x)
#define NULL ((void *)0)

#define HELPER(ret, name, ...) static ret (*bpf_##name)(__VA_ARGS__) = (void *)BPF_FUNC_##name
HELPER(void *, map_lookup_elem, void *map, const void *key);
HELPER(long, map_update_elem, void *map, const void *key, const void *value, u64 flags);
HELPER(long, map_delete_elem, void *map, const void *key);
HELPER(u64, ktime_get_ns, void);
HELPER(u32, get_smp_processor_id, void);
HELPER(u32, get_prandom_u32, void);
HELPER(u64, get_current_pid_tgid, void);
HELPER(u64, get_current_uid_gid, void);
HELPER(u64, get_current_task, void);
HELPER(void *, get_current_task_btf, void);
HELPER(long, get_current_comm, void *buf, u32 size);
HELPER(long, probe_read_kernel, void *dst, u32 size, const void *src);
HELPER(long, probe_read_user, void *dst, u32 size, const void *src);
HELPER(long, probe_read_user_str, void *dst, u32 size, const void *src);
HELPER(long, copy_from_user, void *dst, u32 size, const void *src);
HELPER(void *, ringbuf_reserve, void *map, u64 size, u64 flags);
HELPER(void, ringbuf_submit, void *data, u64 flags);
HELPER(void, ringbuf_discard, void *data, u64 flags);
HELPER(long, ringbuf_output, void *map, void *data, u64 size, u64 flags);
HELPER(long, ringbuf_reserve_dynptr, void *map, u32 size, u64 flags, struct bpf_dynptr *ptr);
HELPER(void, ringbuf_submit_dynptr, struct bpf_dynptr *ptr, u64 flags);
HELPER(void, ringbuf_discard_dynptr, struct bpf_dynptr *ptr, u64 flags);
HELPER(long, dynptr_write, const struct bpf_dynptr *dst, u32 offset, void *src, u32 len, u64 flags);
HELPER(long, perf_event_output, void *ctx, void *map, u64 flags, void *data, u64 size);
HELPER(long, skb_load_bytes, const void *skb, u32 offset, void *to, u32 len);
HELPER(long, skb_store_bytes, void *skb, u32 offset, const void *from, u32 len, u64 flags);
HELPER(long, skb_pull_data, void *skb, u32 len);
HELPER(long, l3_csum_replace, void *skb, u32 offset, u64 from, u64 to, u64 size);
HELPER(long, xdp_adjust_head, struct xdp_md *ctx, int delta);
HELPER(long, xdp_load_bytes, struct xdp_md *ctx, u32 offset, void *buf, u32 len);
HELPER(struct bpf_sock *, sk_lookup_tcp, void *ctx, void *tuple, u32 tuple_size, u64 netns, u64 flags);
HELPER(long, sk_release, void *sock);
HELPER(long, tail_call, void *ctx, void *map, u32 index);
HELPER(void, spin_lock, struct bpf_spin_lock *lock);
HELPER(void, spin_unlock, struct bpf_spin_lock *lock);
HELPER(long, loop, u32 n, void *callback, void *ctx, u64 flags);
HELPER(long, redirect, u32 ifindex, u64 flags);

/* A kprobe's registers on x86-64, as far as the cases read them. */
struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};
#define PT_REGS_PARM1(ctx) ((ctx)->di)
#define PT_REGS_PARM2(ctx) ((ctx)->si)
#define PT_REGS_PARM3(ctx) ((ctx)->dx)
#define PT_REGS_RC(ctx) ((ctx)->ax)

/* syscalls:sys_enter_* */
struct sys_enter_args {
	u64 common;
	long nr;
	unsigned long args[6];
};
/* syscalls:sys_exit_* */
struct sys_exit_args {
	u64 common;
	long nr;
	long ret;
};

/* Kernel structures, found by CO-RE. */
struct task_struct {
	int pid;
	int tgid;
	struct task_struct *real_parent;
} __core;

#ifndef LICENSE
#define LICENSE "GPL"
#endif
char _license[] SEC("license") = LICENSE;
