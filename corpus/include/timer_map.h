/* A map whose values hold a timer, and a map of such maps. */
LICENSE("GPL");

struct value { struct bpf_timer timer; int n; };
struct inner {
	__uint(type, ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct value);
} m SEC(".maps");
struct {
	__uint(type, ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__array(values, struct inner);
} outer SEC(".maps");

/* The types stand whole in the BTF because a function takes them. */
static __noinline __attribute__((used)) int types(struct value *v)
{
	return v != NULL;
}
