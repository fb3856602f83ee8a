/* The struct of the kernel's own tests. */
LICENSE("GPL");

struct bpf_dummy_ops_state { int val; } __core;
struct bpf_dummy_ops {
	int (*test_1)(struct bpf_dummy_ops_state *state);
} __core;
