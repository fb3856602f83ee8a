/* Loops, and programs that are too much to follow. */

//// while_not_at_end
//: code: limit-insns
//: line: 
//: says: 
//: author: bounded the loop by a constant
//: first: any
LICENSE("GPL");
SEC("tracepoint/syscalls/sys_enter_read") int prog(u64 *ctx)
{
	u64 n = ctx[3], sum = 0;

	for (u64 i = 0; i < n; i++) {
		sum += i * n;
		barrier_var(sum);
	}
	return sum;
}

//// spin_on_memory
//: code: loop-infinite
//: line: 
//: says: 
//: author: counted the rounds
//: first: any
LICENSE("GPL");
volatile int stop;
SEC("raw_tp/sys_enter") int prog(void *ctx)
{
	while (!stop)
		;
	return 0;
}

//// many_rounds_with_branches
//: code: limit-jump-sequence
//: line: 
//: says: 
//: author: bpf_loop()
//: first: any
LICENSE("GPL");
struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, u8[4096]); } m SEC(".maps");
SEC("xdp") int prog(struct xdp_md *ctx)
{
	u32 zero = 0, h = 0;
	u8 *p = bpf_map_lookup_elem(&m, &zero);

	if (!p)
		return 2;
	for (int i = 0; i < 200000; i++) {
		u8 c = p[i & 4095] + bpf_get_prandom_u32();
		if (c == 'a')
			h = h * 31 + 1;
		else if (c == 'b')
			h = h * 17 + 2;
		else
			h ^= c << (i & 7);
	}
	return h & 1;
}

//// recursion
//: code: stack-frames
//: line: 
//: says: 
//: author: wrote it as a loop
//: first: any
LICENSE("GPL");
static __noinline int depth(int n)
{
	if (n <= 0)
		return 1;
	return depth(n - 1) + bpf_get_prandom_u32() % 3;
}
SEC("xdp") int prog(struct xdp_md *ctx)
{
	return depth(ctx->rx_queue_index & 3);
}

//// walk_parents_forever
//: code: limit-too-large | limit-jump-sequence | limit-infinite-loop
//: line: 
//: says: 
//: author: at most 16 parents
//: first: any
LICENSE("GPL");
SEC("tp_btf/sched_process_exec") int prog(u64 *ctx)
{
	struct task_struct *t = (void *)ctx[0];
	int n = 0;

	while (t && t->pid != 1) {
		t = t->real_parent;
		n++;
	}
	return n > 4;
}
