; A map is wanted.
; expect: kfunc-arg-null
; type: syscall
; flags: sleepable
  r1 = 0
  r2 = 0
  r3 = 1
  r4 = 0
  r5 = 0
  call bpf_arena_alloc_pages
  r0 = 0
  exit
