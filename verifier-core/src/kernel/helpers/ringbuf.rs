//! Prototypes: ring buffers and dynptrs.
//!
//! Rows as of 6.12; what later releases changed stands in [`super::revised`].

use super::proto::*;

protos! {
    DYNPTR_FROM_MEM = "bpf_dynptr_from_mem_proto"(MEM_OUT, SIZE0, ANY, DYNPTR_LOCAL_OUT) -> INT;
    DYNPTR_READ = "bpf_dynptr_read_proto"(MEM_OUT, SIZE0, DYNPTR, ANY, ANY) -> INT;
    DYNPTR_WRITE = "bpf_dynptr_write_proto"(DYNPTR, ANY, MEM_IN, SIZE0, ANY) -> INT;
    DYNPTR_DATA = "bpf_dynptr_data_proto"(DYNPTR, ANY, ALLOC_SIZE0) -> DYNPTR_MEM_OR_NULL;
    RINGBUF_RESERVE = "bpf_ringbuf_reserve_proto"(MAP, ALLOC_SIZE0, ANY) -> RINGBUF_MEM_OR_NULL;
    RINGBUF_SUBMIT = "bpf_ringbuf_submit_proto"(RINGBUF_RELEASE, ANY) -> VOID;
    RINGBUF_DISCARD = "bpf_ringbuf_discard_proto"(RINGBUF_RELEASE, ANY) -> VOID;
    RINGBUF_OUTPUT = "bpf_ringbuf_output_proto"(MAP, MEM_IN, SIZE0, ANY) -> INT;
    RINGBUF_QUERY = "bpf_ringbuf_query_proto"(MAP, ANY) -> INT;
    RINGBUF_RESERVE_DYNPTR = "bpf_ringbuf_reserve_dynptr_proto"(MAP, ANY, ANY, DYNPTR_RINGBUF_OUT) -> INT;
    RINGBUF_SUBMIT_DYNPTR = "bpf_ringbuf_submit_dynptr_proto"(DYNPTR_RINGBUF_RELEASE, ANY) -> VOID;
    RINGBUF_DISCARD_DYNPTR = "bpf_ringbuf_discard_dynptr_proto"(DYNPTR_RINGBUF_RELEASE, ANY) -> VOID;
    USER_RINGBUF_DRAIN = "bpf_user_ringbuf_drain_proto"(MAP, FUNC, STACK_OR_NULL, ANY) -> INT;
}
