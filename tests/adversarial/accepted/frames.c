/* Programs that Linux 6.18 accepts although they go wrong on some input: a second opinion has to say so. */
#include "../common.h"


#define NUMBERS : : [make]"i"(bpf_iter_num_new), [next]"i"(bpf_iter_num_next), [end]"i"(bpf_iter_num_destroy), \
	[save]"i"(bpf_local_irq_save), [restore]"i"(bpf_local_irq_restore) : "memory"

/* Not in the set: calls from C put the functions' types into the object's BTF. */
SEC("?socket") int safe_types(void *ctx)
{
	struct bpf_iter_num it;
	unsigned long flags;

	bpf_iter_num_new(&it, 0, 1);
	bpf_iter_num_next(&it);
	bpf_iter_num_destroy(&it);
	bpf_local_irq_save(&flags);
	bpf_local_irq_restore(&flags);
	return 0;
}

/* The address just above the frame is taken for that of the object below it. */
SEC("?socket") __naked int bug_next_at_frame(void)
{
	asm volatile("r1 = r10; r1 += -8; r2 = 0; r3 = 10; call %[make];"
		     "1: r1 = r10; call %[next]; if r0 == 0 goto 2f; goto 1b;"
		     "2: r1 = r10; r1 += -8; call %[end]; r0 = 0; exit;" NUMBERS);
}

SEC("?socket") __naked int bug_end_at_frame(void)
{
	asm volatile("r1 = r10; r1 += -8; r2 = 0; r3 = 10; call %[make];"
		     "r1 = r10; call %[end]; r0 = 0; exit;" NUMBERS);
}

SEC("?tc") __naked int bug_restored_at_frame(void)
{
	asm volatile("r1 = r10; r1 += -8; call %[save]; r1 = r10; call %[restore]; r0 = 0; exit;" NUMBERS);
}

/* One way leaves a larger number in a slot of the stack, which an atomic operation fetches: with the states compared as if
 * the slot did not matter, the second way is never followed. */
#define LOST(name, result, operation)                                                                                  \
	SEC("socket") __naked int name(void)                                                                           \
	{                                                                                                              \
		asm volatile("r6 = r1; *(u32 *)(r10 - 4) = 0; r2 = r10; r2 += -4; r1 = %[m] ll; call 1;"               \
			     "if r0 == 0 goto 9f; r7 = r0; r8 = *(u32 *)(r6 + 0); r1 = 8; *(u64 *)(r10 - 16) = r1;"     \
			     "if r8 < 100 goto 1f; goto 2f; 1: r1 = 4096; *(u64 *)(r10 - 16) = r1; 2:"                  \
			     "if r8 == 7001 goto 3f; 3: r2 = 0; r1 = 0; r3 = 0; r4 = 0; r5 = 0; r2 = 1; r3 = 2; r4 = 3;" \
			     "if r8 == 7003 goto 4f; 4: r2 = 0; if r8 == 7002 goto 5f; 5: r2 = 0;"                      \
			     "r1 = 0; r8 = 0; r0 = 7;" operation "r7 += " result "; *(u64 *)(r7 + 0) = r1;"             \
			     "9: r0 = 0; exit;" : : [m] "i"(&m) : "memory");                                           \
	}
LOST(bug_added, "r2", ".8byte 0x00000001fff02adb;")
LOST(bug_exchanged, "r2", ".8byte 0x000000e1fff02adb;")
LOST(bug_compared, "r0", ".8byte 0x000000f1fff02adb;")
