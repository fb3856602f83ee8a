; A context is used where it begins.
; expect: mem-ptr-modified
; type: sched_cls
; map: m array key=4 value=8 max=1
  r6 = r1
  r6 += 8
  r1 = r6
  call bpf_get_hash_recalc
  r0 = 0
  exit
