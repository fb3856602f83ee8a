//! Prototypes: storage that belongs to a socket, task, inode or cgroup.
//!
//! Rows as of 6.12; what later releases changed stands in [`super::revised`].

use super::proto::*;

protos! {
    CGRP_STORAGE_GET = "bpf_cgrp_storage_get_proto"(MAP, btf_or_null("cgroup"), VALUE_OR_NULL, ANY) -> MAP_VALUE_OR_NULL;
    CGRP_STORAGE_DELETE = "bpf_cgrp_storage_delete_proto"(MAP, btf_or_null("cgroup")) -> INT;
    INODE_STORAGE_GET = "bpf_inode_storage_get_proto"(MAP, btf_or_null("inode"), VALUE_OR_NULL, ANY) -> MAP_VALUE_OR_NULL;
    INODE_STORAGE_DELETE = "bpf_inode_storage_delete_proto"(MAP, btf_or_null("inode")) -> INT;
    TASK_STORAGE_GET_RECUR = "bpf_task_storage_get_recur_proto"(MAP, btf_or_null("task_struct"), VALUE_OR_NULL, ANY) -> MAP_VALUE_OR_NULL;
    TASK_STORAGE_GET = "bpf_task_storage_get_proto"(MAP, btf_or_null("task_struct"), VALUE_OR_NULL, ANY) -> MAP_VALUE_OR_NULL;
    TASK_STORAGE_DELETE_RECUR = "bpf_task_storage_delete_recur_proto"(MAP, btf_or_null("task_struct")) -> INT;
    TASK_STORAGE_DELETE = "bpf_task_storage_delete_proto"(MAP, btf_or_null("task_struct")) -> INT;
    GET_LOCAL_STORAGE = "bpf_get_local_storage_proto"(MAP, ANY) -> MAP_VALUE;
    SK_STORAGE_GET = "bpf_sk_storage_get_proto"(MAP, BTF_SOCK, VALUE_OR_NULL, ANY) -> MAP_VALUE_OR_NULL;
    SK_STORAGE_GET_CG_SOCK = "bpf_sk_storage_get_cg_sock_proto"(MAP, CTX, VALUE_OR_NULL, ANY) -> MAP_VALUE_OR_NULL;
    SK_STORAGE_DELETE = "bpf_sk_storage_delete_proto"(MAP, BTF_SOCK) -> INT;
    SK_STORAGE_GET_TRACING = "bpf_sk_storage_get_tracing_proto"(MAP, btf_or_null("sock_common"), VALUE_OR_NULL, ANY) -> MAP_VALUE_OR_NULL, sk_storage;
    SK_STORAGE_DELETE_TRACING = "bpf_sk_storage_delete_tracing_proto"(MAP, btf_or_null("sock_common")) -> INT, sk_storage;
}
