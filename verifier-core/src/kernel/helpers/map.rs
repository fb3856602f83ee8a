//! Prototypes: map elements, tail calls and walking maps.
//!
//! Rows as of 6.12; what later releases changed stands in [`super::revised`].

use super::proto::*;

protos! {
    FOR_EACH_MAP_ELEM = "bpf_for_each_map_elem_proto"(MAP, FUNC, STACK_OR_NULL, ANY) -> INT;
    TAIL_CALL = "bpf_tail_call_proto"(CTX, MAP, ANY) -> VOID;
    MAP_LOOKUP_ELEM = "bpf_map_lookup_elem_proto"(MAP, KEY) -> MAP_VALUE_OR_NULL, pkt;
    MAP_UPDATE_ELEM = "bpf_map_update_elem_proto"(MAP, KEY, VALUE, ANY) -> INT, pkt;
    MAP_DELETE_ELEM = "bpf_map_delete_elem_proto"(MAP, KEY) -> INT, pkt;
    MAP_PUSH_ELEM = "bpf_map_push_elem_proto"(MAP, VALUE, ANY) -> INT, pkt;
    MAP_POP_ELEM = "bpf_map_pop_elem_proto"(MAP, VALUE_OUT) -> INT;
    MAP_PEEK_ELEM = "bpf_map_peek_elem_proto"(MAP, VALUE_OUT) -> INT;
    MAP_LOOKUP_PERCPU_ELEM = "bpf_map_lookup_percpu_elem_proto"(MAP, KEY, ANY) -> MAP_VALUE_OR_NULL, pkt;
}
