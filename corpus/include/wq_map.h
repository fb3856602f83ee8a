/* Two maps whose values hold a work queue. */
LICENSE("GPL");

struct value { struct bpf_wq wq; int n; };
struct {
	__uint(type, ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct value);
} m SEC(".maps"), m2 SEC(".maps");
