; Types are those of the program's BTF.
; expect: kfunc-needs-prog-btf
; type: sched_cls
  r1 = 1
  r2 = 0
  call bpf_obj_new_impl
  r0 = 0
  exit
