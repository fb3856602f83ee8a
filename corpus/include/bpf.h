/* The BPF interface as far as the cases use it, so that they build without any other header. Types of the kernel are
 * declared with the members that are looked at; their offsets are relocated against the kernel's BTF. */
#pragma once

typedef signed char s8;
typedef unsigned char u8;
typedef short s16;
typedef unsigned short u16;
typedef int s32;
typedef unsigned int u32;
typedef long long s64;
typedef unsigned long long u64;
typedef _Bool bool;
typedef unsigned long size_t;
#define NULL ((void *)0)

#define SEC(name) __attribute__((section(name), used))
#define __uint(name, val) int(*name)[val]
#define __type(name, val) typeof(val) *name
#define __array(name, val) typeof(val) *name[]
#define __ulong(name, val) enum { __unique_##name = val } name
#define __naked __attribute__((naked))
#define __noinline __attribute__((noinline))
#define __inline inline __attribute__((always_inline))
#define __weak __attribute__((weak))
#define __hidden __attribute__((visibility("hidden")))
#define __ksym __attribute__((section(".ksyms")))
#define __kconfig __attribute__((section(".kconfig")))
#define __tag(x) __attribute__((btf_decl_tag(x)))
#define __type_tag(x) __attribute__((btf_type_tag(x)))
#define __kptr_untrusted __type_tag("kptr_untrusted")
#define __kptr __type_tag("kptr")
#define __percpu_kptr __type_tag("percpu_kptr")
#define __uptr __type_tag("uptr")
#define __contains(name, node) __tag("contains:" #name ":" #node)
#define __core __attribute__((preserve_access_index))
#define __arena __attribute__((address_space(1)))
#define private(name) SEC(".data." #name) __hidden __attribute__((aligned(8)))
#define barrier() asm volatile("" ::: "memory")
#define barrier_var(v) asm volatile("" : "+r"(v))
#define local_type(t) __builtin_btf_type_id(*(t *)0, 0)
#define offsetof(t, m) __builtin_offsetof(t, m)
#define container_of(p, t, m) ((t *)((char *)(p) - offsetof(t, m)))
#define LICENSE(text) char _license[] SEC("license") = text

enum {
	HASH = 1, ARRAY = 2, PROG_ARRAY = 3, PERF_EVENT_ARRAY = 4, PERCPU_HASH = 5, PERCPU_ARRAY = 6, STACK_TRACE = 7,
	CGROUP_ARRAY = 8, LRU_HASH = 9, LPM_TRIE = 11, ARRAY_OF_MAPS = 12, HASH_OF_MAPS = 13, DEVMAP = 14, SOCKMAP = 15,
	CPUMAP = 16, XSKMAP = 17, SOCKHASH = 18, CGROUP_STORAGE = 19, REUSEPORT_SOCKARRAY = 20, QUEUE = 22, STACK = 23,
	SK_STORAGE = 24, RINGBUF = 27, INODE_STORAGE = 28, TASK_STORAGE = 29, BLOOM_FILTER = 30, USER_RINGBUF = 31,
	CGRP_STORAGE = 32, ARENA = 33,
};
enum { F_NO_PREALLOC = 1, F_RDONLY_PROG = 128, F_WRONLY_PROG = 256, F_MMAPABLE = 1024 };

struct bpf_spin_lock { u32 val; };
struct bpf_res_spin_lock { u32 val; };
struct bpf_timer { u64 opaque[2]; } __attribute__((aligned(8)));
struct bpf_wq { u64 opaque[2]; } __attribute__((aligned(8)));
struct bpf_dynptr { u64 opaque[2]; } __attribute__((aligned(8)));
struct bpf_list_head { u64 opaque[2]; } __attribute__((aligned(8)));
struct bpf_list_node { u64 opaque[3]; } __attribute__((aligned(8)));
struct bpf_rb_root { u64 opaque[2]; } __attribute__((aligned(8)));
struct bpf_rb_node { u64 opaque[4]; } __attribute__((aligned(8)));
struct bpf_refcount { u32 opaque[1]; } __attribute__((aligned(4)));
struct bpf_iter_num { u64 opaque[1]; } __attribute__((aligned(8)));
struct bpf_iter_task { u64 opaque[3]; } __attribute__((aligned(8)));
struct bpf_iter_css_task { u64 opaque[1]; } __attribute__((aligned(8)));
struct bpf_iter_bits { u64 opaque[2]; } __attribute__((aligned(8)));

/* Contexts. */
struct bpf_sock {
	u32 bound_dev_if, family, type, protocol, mark, priority, src_ip4, src_ip6[4], src_port;
	u16 dst_port, pad;
	u32 dst_ip4, dst_ip6[4], state;
	s32 rx_queue_mapping;
};
struct bpf_tcp_sock { u32 snd_cwnd, srtt_us; };
struct bpf_sock_tuple { u32 saddr, daddr; u16 sport, dport; };
struct bpf_flow_keys { u16 nhoff, thoff, addr_proto; };
struct __sk_buff {
	u32 len, pkt_type, mark, queue_mapping, protocol, vlan_present, vlan_tci, vlan_proto, priority, ingress_ifindex,
		ifindex, tc_index, cb[5], hash, tc_classid, data, data_end, napi_id, family, remote_ip4, local_ip4,
		remote_ip6[4], local_ip6[4], remote_port, local_port, data_meta;
	struct bpf_flow_keys *flow_keys __attribute__((aligned(8)));
	u64 tstamp;
	u32 wire_len, gso_segs;
	struct bpf_sock *sk __attribute__((aligned(8)));
	u32 gso_size;
};
struct xdp_md { u32 data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex; };
struct bpf_sock_addr {
	u32 user_family, user_ip4, user_ip6[4], user_port, family, type, protocol, msg_src_ip4, msg_src_ip6[4];
	struct bpf_sock *sk __attribute__((aligned(8)));
};
struct bpf_sock_ops { u32 op, args[4], family; };
struct bpf_sockopt {
	struct bpf_sock *sk __attribute__((aligned(8)));
	void *optval __attribute__((aligned(8)));
	void *optval_end __attribute__((aligned(8)));
	s32 level, optname, optlen, retval;
};
struct bpf_sysctl { u32 write, file_pos; };
struct bpf_cgroup_dev_ctx { u32 access_type, major, minor; };
struct sk_msg_md { void *data __attribute__((aligned(8))); void *data_end __attribute__((aligned(8))); u32 family; };
struct sk_reuseport_md {
	void *data __attribute__((aligned(8)));
	void *data_end __attribute__((aligned(8)));
	u32 len, eth_protocol, ip_protocol, bind_inany, hash;
};
struct bpf_sk_lookup { struct bpf_sock *sk __attribute__((aligned(8))); u32 family, protocol, remote_ip4; };
struct bpf_raw_tracepoint_args { u64 args[0]; };
struct bpf_perf_event_data { u64 regs[21], sample_period, addr; };
struct pt_regs { unsigned long regs[21]; };
struct bpf_nf_ctx { const void *state; struct sk_buff *skb; };

/* Kernel types. */
struct refcount_struct { int refs; } __core;
struct mm_struct { unsigned long start_stack; } __core;
struct file { unsigned int f_flags; struct inode *f_inode; } __core;
struct inode { unsigned long i_ino; } __core;
struct dentry;
struct path { struct dentry *dentry; } __core;
struct cgroup { int level; } __core;
struct css_set { struct cgroup *dfl_cgrp; } __core;
struct cgroup_subsys_state { struct cgroup *cgroup; } __core;
struct task_struct {
	int pid, tgid;
	char comm[16];
	unsigned int flags;
	struct task_struct *real_parent, *group_leader, *last_wakee;
	struct mm_struct *mm;
	struct css_set *cgroups;
	const struct cpumask *cpus_ptr;
	struct refcount_struct usage;
	void *stack;
} __core;
struct cpumask { unsigned long bits[1]; } __core;
struct bpf_cpumask { struct cpumask cpumask; struct refcount_struct usage; } __core;
struct sk_buff { unsigned int len; struct sock *sk; unsigned char *data; } __core;
struct sock_common { unsigned short skc_family; } __core;
struct sock { struct sock_common __sk_common; int sk_rcvbuf; } __core;
struct tcp_sock { u32 snd_cwnd, srtt_us, snd_ssthresh; } __core;
struct vm_area_struct { unsigned long vm_start; } __core;
struct linux_binprm { struct file *file; } __core;
struct seq_file;
struct bpf_iter_meta { struct seq_file *seq; u64 session_id, seq_num; } __core;
struct bpf_iter__task { struct bpf_iter_meta *meta; struct task_struct *task; } __core;
struct bpf_iter__bpf_map_elem { struct bpf_iter_meta *meta; struct bpf_map *map; void *key, *value; } __core;
struct bpf_map { u32 id, max_entries; int value_size; } __core;

/* Helpers. */
#define HELPER(ret, name, id, ...) static ret (*const name)(__VA_ARGS__) __attribute__((unused)) = (void *)id
HELPER(void *, bpf_map_lookup_elem, 1, void *map, const void *key);
HELPER(long, bpf_map_update_elem, 2, void *map, const void *key, const void *value, u64 flags);
HELPER(long, bpf_map_delete_elem, 3, void *map, const void *key);
HELPER(long, bpf_probe_read, 4, void *dst, u32 size, const void *src);
HELPER(u64, bpf_ktime_get_ns, 5, void);
HELPER(long, bpf_trace_printk, 6, const char *fmt, u32 size, ...);
HELPER(u32, bpf_get_prandom_u32, 7, void);
HELPER(u32, bpf_get_smp_processor_id, 8, void);
HELPER(long, bpf_skb_store_bytes, 9, void *skb, u32 off, const void *from, u32 len, u64 flags);
HELPER(long, bpf_tail_call, 12, void *ctx, void *map, u32 index);
HELPER(u64, bpf_get_current_pid_tgid, 14, void);
HELPER(long, bpf_get_current_comm, 16, void *buf, u32 size);
HELPER(long, bpf_perf_event_output, 25, void *ctx, void *map, u64 flags, void *data, u64 size);
HELPER(long, bpf_skb_load_bytes, 26, const void *skb, u32 off, void *to, u32 len);
HELPER(long, bpf_csum_diff, 28, void *from, u32 from_size, void *to, u32 to_size, u32 seed);
HELPER(u64, bpf_get_current_task, 35, void);
HELPER(long, bpf_skb_pull_data, 39, void *skb, u32 len);
HELPER(long, bpf_xdp_adjust_head, 44, void *xdp, int delta);
HELPER(u64, bpf_get_socket_cookie, 46, void *ctx);
HELPER(long, bpf_setsockopt, 49, void *sk, int level, int name, void *val, int len);
HELPER(long, bpf_redirect_map, 51, void *map, u64 key, u64 flags);
HELPER(long, bpf_sock_map_update, 53, void *ctx, void *map, void *key, u64 flags);
HELPER(long, bpf_override_return, 58, void *regs, u64 rc);
HELPER(void *, bpf_get_local_storage, 81, void *map, u64 flags);
HELPER(struct bpf_sock *, bpf_sk_lookup_tcp, 84, void *ctx, void *tuple, u32 size, u64 netns, u64 flags);
HELPER(long, bpf_sk_release, 86, void *sk);
HELPER(long, bpf_map_push_elem, 87, void *map, const void *value, u64 flags);
HELPER(long, bpf_map_pop_elem, 88, void *map, void *value);
HELPER(long, bpf_map_peek_elem, 89, void *map, void *value);
HELPER(void, bpf_spin_lock, 93, struct bpf_spin_lock *lock);
HELPER(void, bpf_spin_unlock, 94, struct bpf_spin_lock *lock);
HELPER(struct bpf_sock *, bpf_sk_fullsock, 95, struct bpf_sock *sk);
HELPER(struct bpf_tcp_sock *, bpf_tcp_sock, 96, struct bpf_sock *sk);
HELPER(struct bpf_sock *, bpf_skc_lookup_tcp, 99, void *ctx, void *tuple, u32 size, u64 netns, u64 flags);
HELPER(long, bpf_strtol, 105, const char *buf, u64 len, u64 flags, s64 *res);
HELPER(void *, bpf_sk_storage_get, 107, void *map, void *sk, void *value, u64 flags);
HELPER(long, bpf_probe_read_user, 112, void *dst, u32 size, const void *src);
HELPER(long, bpf_probe_read_kernel, 113, void *dst, u32 size, const void *src);
HELPER(long, bpf_seq_write, 127, void *seq, const void *data, u32 len);
HELPER(long, bpf_ringbuf_output, 130, void *map, void *data, u64 size, u64 flags);
HELPER(void *, bpf_ringbuf_reserve, 131, void *map, u64 size, u64 flags);
HELPER(void, bpf_ringbuf_submit, 132, void *data, u64 flags);
HELPER(void, bpf_ringbuf_discard, 133, void *data, u64 flags);
HELPER(struct tcp_sock *, bpf_skc_to_tcp_sock, 137, void *sk);
HELPER(long, bpf_copy_from_user, 148, void *dst, u32 size, const void *src);
HELPER(long, bpf_d_path, 147, struct path *path, char *buf, u32 size);
HELPER(void *, bpf_per_cpu_ptr, 153, const void *ptr, u32 cpu);
HELPER(void *, bpf_this_cpu_ptr, 154, const void *ptr);
HELPER(void *, bpf_task_storage_get, 156, void *map, void *task, void *value, u64 flags);
HELPER(struct task_struct *, bpf_get_current_task_btf, 158, void);
HELPER(long, bpf_for_each_map_elem, 164, void *map, void *callback, void *ctx, u64 flags);
HELPER(long, bpf_snprintf, 165, char *buf, u32 size, const char *fmt, u64 *data, u32 data_len);
HELPER(long, bpf_sys_bpf, 166, u32 cmd, void *attr, u32 size);
HELPER(long, bpf_timer_init, 169, struct bpf_timer *timer, void *map, u64 flags);
HELPER(long, bpf_timer_set_callback, 170, struct bpf_timer *timer, void *callback);
HELPER(long, bpf_timer_start, 171, struct bpf_timer *timer, u64 ns, u64 flags);
HELPER(u64, bpf_get_func_ip, 173, void *ctx);
HELPER(long, bpf_find_vma, 180, struct task_struct *task, u64 addr, void *callback, void *ctx, u64 flags);
HELPER(long, bpf_loop, 181, u32 n, void *callback, void *ctx, u64 flags);
HELPER(long, bpf_strncmp, 182, const char *s1, u32 size, const char *s2);
HELPER(long, bpf_get_func_arg, 183, void *ctx, u32 n, u64 *value);
HELPER(long, bpf_set_retval, 187, int retval);
HELPER(void *, bpf_kptr_xchg, 194, void *dst, void *ptr);
HELPER(void *, bpf_map_lookup_percpu_elem, 195, void *map, const void *key, u32 cpu);
HELPER(long, bpf_dynptr_from_mem, 197, void *data, u32 size, u64 flags, struct bpf_dynptr *ptr);
HELPER(long, bpf_ringbuf_reserve_dynptr, 198, void *map, u32 size, u64 flags, struct bpf_dynptr *ptr);
HELPER(void, bpf_ringbuf_submit_dynptr, 199, struct bpf_dynptr *ptr, u64 flags);
HELPER(void, bpf_ringbuf_discard_dynptr, 200, struct bpf_dynptr *ptr, u64 flags);
HELPER(long, bpf_dynptr_read, 201, void *dst, u32 len, const struct bpf_dynptr *src, u32 off, u64 flags);
HELPER(long, bpf_dynptr_write, 202, const struct bpf_dynptr *dst, u32 off, void *src, u32 len, u64 flags);
HELPER(void *, bpf_dynptr_data, 203, const struct bpf_dynptr *ptr, u32 off, u32 len);
HELPER(long, bpf_user_ringbuf_drain, 209, void *map, void *callback, void *ctx, u64 flags);
HELPER(void *, bpf_cgrp_storage_get, 210, void *map, void *cgroup, void *value, u64 flags);

/* Kernel functions. */
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;
extern void bpf_preempt_disable(void) __ksym;
extern void bpf_preempt_enable(void) __ksym;
extern void bpf_local_irq_save(unsigned long *flags) __ksym __weak;
extern void bpf_local_irq_restore(unsigned long *flags) __ksym __weak;
extern int bpf_res_spin_lock(struct bpf_res_spin_lock *lock) __ksym __weak;
extern void bpf_res_spin_unlock(struct bpf_res_spin_lock *lock) __ksym __weak;
extern int bpf_res_spin_lock_irqsave(struct bpf_res_spin_lock *lock, unsigned long *flags) __ksym __weak;
extern void bpf_res_spin_unlock_irqrestore(struct bpf_res_spin_lock *lock, unsigned long *flags) __ksym __weak;
extern void *bpf_obj_new_impl(u64 type, void *meta) __ksym;
extern void bpf_obj_drop_impl(void *ptr, void *meta) __ksym;
extern void *bpf_percpu_obj_new_impl(u64 type, void *meta) __ksym;
extern void bpf_percpu_obj_drop_impl(void *ptr, void *meta) __ksym;
extern void *bpf_refcount_acquire_impl(void *ptr, void *meta) __ksym;
extern int bpf_list_push_front_impl(struct bpf_list_head *head, struct bpf_list_node *node, void *meta, u64 off) __ksym;
extern struct bpf_list_node *bpf_list_pop_front(struct bpf_list_head *head) __ksym;
extern struct bpf_list_node *bpf_list_front(struct bpf_list_head *head) __ksym __weak;
extern struct bpf_rb_node *bpf_rbtree_remove(struct bpf_rb_root *root, struct bpf_rb_node *node) __ksym;
extern int bpf_rbtree_add_impl(struct bpf_rb_root *root, struct bpf_rb_node *node,
			       bool (*less)(struct bpf_rb_node *, const struct bpf_rb_node *), void *meta, u64 off) __ksym;
extern struct bpf_rb_node *bpf_rbtree_first(struct bpf_rb_root *root) __ksym;
#define bpf_obj_new(t) ((t *)bpf_obj_new_impl(local_type(t), NULL))
#define bpf_obj_drop(p) bpf_obj_drop_impl(p, NULL)
#define bpf_list_push_front(h, n) bpf_list_push_front_impl(h, n, NULL, 0)
#define bpf_rbtree_add(r, n, less) bpf_rbtree_add_impl(r, n, less, NULL, 0)
extern struct task_struct *bpf_task_acquire(struct task_struct *p) __ksym;
extern void bpf_task_release(struct task_struct *p) __ksym;
extern struct task_struct *bpf_task_from_pid(s32 pid) __ksym;
extern struct cgroup *bpf_cgroup_acquire(struct cgroup *cgrp) __ksym;
extern struct cgroup *bpf_cgroup_from_id(u64 id) __ksym;
extern void bpf_cgroup_release(struct cgroup *cgrp) __ksym;
extern long bpf_task_under_cgroup(struct task_struct *task, struct cgroup *ancestor) __ksym;
extern void bpf_throw(u64 cookie) __ksym;
extern void *bpf_cast_to_kern_ctx(void *ctx) __ksym;
extern void *bpf_rdonly_cast(const void *ptr, u32 type) __ksym;
extern void *bpf_dynptr_slice(const struct bpf_dynptr *p, u32 off, void *buf, u32 size) __ksym;
extern void *bpf_dynptr_slice_rdwr(const struct bpf_dynptr *p, u32 off, void *buf, u32 size) __ksym;
extern int bpf_dynptr_adjust(const struct bpf_dynptr *p, u32 start, u32 end) __ksym;
extern u32 bpf_dynptr_size(const struct bpf_dynptr *p) __ksym;
extern int bpf_dynptr_clone(const struct bpf_dynptr *p, struct bpf_dynptr *clone) __ksym;
extern int bpf_dynptr_from_skb(struct __sk_buff *skb, u64 flags, struct bpf_dynptr *ptr) __ksym;
extern int bpf_dynptr_from_xdp(struct xdp_md *xdp, u64 flags, struct bpf_dynptr *ptr) __ksym;
extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym;
extern int bpf_iter_task_new(struct bpf_iter_task *it, struct task_struct *task, unsigned int flags) __ksym;
extern struct task_struct *bpf_iter_task_next(struct bpf_iter_task *it) __ksym;
extern void bpf_iter_task_destroy(struct bpf_iter_task *it) __ksym;
extern int bpf_iter_css_task_new(struct bpf_iter_css_task *it, struct cgroup_subsys_state *css, unsigned int flags) __ksym;
extern void bpf_iter_css_task_destroy(struct bpf_iter_css_task *it) __ksym;
extern int bpf_wq_init(struct bpf_wq *wq, void *map, unsigned int flags) __ksym;
extern int bpf_wq_start(struct bpf_wq *wq, unsigned int flags) __ksym;
extern int bpf_wq_set_callback_impl(struct bpf_wq *wq, int (*cb)(void *, int *, void *), unsigned int flags, void *aux) __ksym;
extern struct bpf_cpumask *bpf_cpumask_create(void) __ksym;
extern void bpf_cpumask_release(struct bpf_cpumask *mask) __ksym;
extern bool bpf_cpumask_test_cpu(u32 cpu, const struct cpumask *mask) __ksym;
extern void bpf_cpumask_set_cpu(u32 cpu, struct bpf_cpumask *mask) __ksym;
extern void __arena *bpf_arena_alloc_pages(void *map, void __arena *addr, u32 pages, int node, u64 flags) __ksym;
extern void bpf_arena_free_pages(void *map, void __arena *ptr, u32 pages) __ksym;
extern int bpf_copy_from_user_str(void *dst, u32 size, const void *src, u64 flags) __ksym;
extern void crash_kexec(struct pt_regs *regs) __ksym;
extern u32 tcp_reno_ssthresh(struct sock *sk) __ksym;
