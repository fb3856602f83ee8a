/* A map whose values hold a lock. */
LICENSE("GPL");

struct value { struct bpf_spin_lock lock; int n; };
struct {
	__uint(type, ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct value);
} m SEC(".maps");
