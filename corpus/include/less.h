/* The order of nodes in a tree. */
static __attribute__((unused)) bool less(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return container_of(a, struct leaf, rb)->data < container_of(b, struct leaf, rb)->data;
}
