; Kinds of maps without a type of their own in BTF.
; expect: mem-map-ptr-type
; expect-6.18: accepted
; expect-6.12: mem-btf-pointer-part
; type: sched_cls
; map: m stack key=0 value=8 max=1
  r1 = map[m]
  r0 = *(u32 *)(r1 +0)
  r0 = 0
  exit
