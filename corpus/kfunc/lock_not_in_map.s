; A lock on the stack.
; expect: kfunc-arg-not-lock
; kernel: 6.18
; type: sched_cls
  *(u64 *)(r10 -8) = 0
  r1 = r10
  r1 += -8
  call bpf_res_spin_lock
  r0 = 0
  exit
