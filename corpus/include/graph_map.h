/* A map whose values hold a lock, a list and a tree. */
LICENSE("GPL");

struct node {
	u64 data;
	struct bpf_list_node list, list2;
};
struct leaf { u64 data; struct bpf_rb_node rb; };
struct other { u64 data, more; struct bpf_list_node list; };
struct value {
	struct bpf_list_head head __contains(node, list);
	struct bpf_rb_root root __contains(leaf, rb);
	struct bpf_spin_lock lock;
};
struct {
	__uint(type, ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct value);
} m SEC(".maps");

/* The types stand whole in the BTF because a function takes them. */
static __noinline __attribute__((used)) int types(struct node *n, struct leaf *l)
{
	return n != NULL && l != NULL;
}
