; A lock is taken by one address of a map's only value, and given back by another.
; expect: accepted
; type: sched_cls
; btf: ../btf/special.o
; map: m array key=4 value=16 max=1 key_type=int value_type=locked
  r1 = map_value[m] + 0
  call bpf_spin_lock
  r1 = map_value[m] + 0
  call bpf_spin_unlock
  r0 = 0
  exit
