/* A ring buffer. */
LICENSE("GPL");

struct {
	__uint(type, RINGBUF);
	__uint(max_entries, 4096);
} rb SEC(".maps");
