; A type id of more than 32 bits.
; expect: kfunc-local-type-range
; type: sched_cls
; btf: ../btf/plain.o
; func: 0 prog
  r1 = 0x100000000 ll
  r2 = 0
  call bpf_obj_new_impl
  r0 = 0
  exit
