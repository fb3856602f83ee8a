//! Kernel functions whose meaning the verifier knows, beyond flags and prototype.
//!
//! In the kernel: `enum special_kfunc_type`, `is_bpf_list_api_kfunc()`, `is_bpf_rbtree_api_kfunc()`,
//! `is_bpf_graph_api_kfunc()`, `is_bpf_res_spin_lock_kfunc()`, `is_async_callback_calling_kfunc()`.

macro_rules! special {
    ($($(#[$doc:meta])* $Var:ident = $($name:literal)|+),* $(,)?) => {
        /// A kernel function known by name.
        #[allow(missing_docs)]
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(crate) enum Special { $($(#[$doc])* $Var),* }

        impl Special {
            /// The function with this name, when it is one of the kernel's own.
            pub(super) fn from_name(name: &str) -> Option<Special> {
                match name { $($($name)|+ => Some(Special::$Var),)* _ => None }
            }
        }
    };
}

special! {
    ObjNew = "bpf_obj_new" | "bpf_obj_new_impl",
    ObjDrop = "bpf_obj_drop" | "bpf_obj_drop_impl",
    RefcountAcquire = "bpf_refcount_acquire" | "bpf_refcount_acquire_impl",
    ListPushFront = "bpf_list_push_front" | "bpf_list_push_front_impl",
    ListPushBack = "bpf_list_push_back" | "bpf_list_push_back_impl",
    ListPopFront = "bpf_list_pop_front",
    ListPopBack = "bpf_list_pop_back",
    ListFront = "bpf_list_front",
    ListBack = "bpf_list_back",
    ListAdd = "bpf_list_add",
    ListDel = "bpf_list_del",
    ListEmpty = "bpf_list_empty",
    ListIsFirst = "bpf_list_is_first",
    ListIsLast = "bpf_list_is_last",
    CastToKernCtx = "bpf_cast_to_kern_ctx",
    RdonlyCast = "bpf_rdonly_cast",
    RcuReadLock = "bpf_rcu_read_lock",
    RcuReadUnlock = "bpf_rcu_read_unlock",
    RbtreeRemove = "bpf_rbtree_remove",
    RbtreeAdd = "bpf_rbtree_add" | "bpf_rbtree_add_impl",
    RbtreeFirst = "bpf_rbtree_first",
    RbtreeRoot = "bpf_rbtree_root",
    RbtreeLeft = "bpf_rbtree_left",
    RbtreeRight = "bpf_rbtree_right",
    DynptrFromSkb = "bpf_dynptr_from_skb",
    DynptrFromXdp = "bpf_dynptr_from_xdp",
    DynptrFromSkbMeta = "bpf_dynptr_from_skb_meta",
    DynptrSlice = "bpf_dynptr_slice",
    DynptrSliceRdwr = "bpf_dynptr_slice_rdwr",
    DynptrClone = "bpf_dynptr_clone",
    PercpuObjNew = "bpf_percpu_obj_new" | "bpf_percpu_obj_new_impl",
    PercpuObjDrop = "bpf_percpu_obj_drop" | "bpf_percpu_obj_drop_impl",
    Throw = "bpf_throw",
    WqSetCallback = "bpf_wq_set_callback" | "bpf_wq_set_callback_impl",
    PreemptDisable = "bpf_preempt_disable",
    PreemptEnable = "bpf_preempt_enable",
    IterCssTaskNew = "bpf_iter_css_task_new",
    SessionCookie = "bpf_session_cookie",
    SessionIsReturn = "bpf_session_is_return",
    DynptrFromFile = "bpf_dynptr_from_file",
    DynptrFileDiscard = "bpf_dynptr_file_discard",
    GetKmemCache = "bpf_get_kmem_cache",
    LocalIrqSave = "bpf_local_irq_save",
    LocalIrqRestore = "bpf_local_irq_restore",
    ResSpinLock = "bpf_res_spin_lock",
    ResSpinUnlock = "bpf_res_spin_unlock",
    ResSpinLockIrqsave = "bpf_res_spin_lock_irqsave",
    ResSpinUnlockIrqrestore = "bpf_res_spin_unlock_irqrestore",
    Trap = "__bpf_trap",
    TaskWorkSignal = "bpf_task_work_schedule_signal" | "bpf_task_work_schedule_signal_impl",
    TaskWorkResume = "bpf_task_work_schedule_resume" | "bpf_task_work_schedule_resume_impl",
    XdpPullData = "bpf_xdp_pull_data",
}

impl Special {
    /// List functions.
    pub(super) fn is_list(self) -> bool {
        use Special::{ListBack, ListFront, ListPopBack, ListPopFront, ListPushBack, ListPushFront};
        matches!(self, ListPushFront | ListPushBack | ListPopFront | ListPopBack | ListFront | ListBack)
            || self.takes_list_node()
            || self == Special::ListEmpty
    }

    /// Functions of lists that take a node.
    pub(super) fn takes_list_node(self) -> bool {
        use Special::{ListAdd, ListDel, ListIsFirst, ListIsLast, ListPushBack, ListPushFront};
        matches!(self, ListPushFront | ListPushBack | ListAdd | ListDel | ListIsFirst | ListIsLast)
    }

    /// Tree functions.
    pub(super) fn is_rbtree(self) -> bool {
        use Special::{RbtreeAdd, RbtreeFirst, RbtreeLeft, RbtreeRemove, RbtreeRight, RbtreeRoot};
        matches!(self, RbtreeAdd | RbtreeRemove | RbtreeFirst | RbtreeRoot | RbtreeLeft | RbtreeRight)
    }

    /// Functions that may be called under a spin lock.
    pub(super) fn is_graph(self) -> bool {
        self.is_list() || self.is_rbtree() || self == Special::RefcountAcquire
    }

    /// Functions that put a node into a list or tree.
    pub(super) fn is_push(self) -> bool {
        matches!(self, Special::ListPushFront | Special::ListPushBack | Special::ListAdd | Special::RbtreeAdd)
    }

    /// Functions of resilient spin locks.
    pub(super) fn is_res_spin_lock(self) -> bool {
        use Special::{ResSpinLock, ResSpinLockIrqsave, ResSpinUnlock, ResSpinUnlockIrqrestore};
        matches!(self, ResSpinLock | ResSpinUnlock | ResSpinLockIrqsave | ResSpinUnlockIrqrestore)
    }

    /// Functions whose callback runs later.
    pub(super) fn is_async_callback(self) -> bool {
        matches!(self, Special::WqSetCallback | Special::TaskWorkSignal | Special::TaskWorkResume)
    }
}
