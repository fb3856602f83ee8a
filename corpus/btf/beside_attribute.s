; A tag that is an attribute, beside a lock.
; expect: accepted
; expect-6.12: call-map-btf
; type: sched_cls
; btf: attributes.o
; btf-attribute: note
; map: m array key=4 value=16 max=1 key_type=int value_type=locked
  r1 = map_value[m] + 0
  r6 = r1
  call bpf_spin_lock
  r1 = r6
  call bpf_spin_unlock
  r0 = 0
  exit
