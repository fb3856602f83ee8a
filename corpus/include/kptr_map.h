/* A map whose values hold pointers to kernel objects. */
LICENSE("GPL");

struct value {
	struct task_struct __kptr_untrusted *seen;
	struct task_struct __kptr *owned;
	u64 n;
};
struct {
	__uint(type, ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct value);
} m SEC(".maps");

/* The types stand whole in the BTF because a function takes them. */
static __noinline __attribute__((used)) int types(struct task_struct *t)
{
	return t != NULL;
}
