; One call walks the elements of either of two maps.
; expect: accepted
; type: sched_cls
; btf: ../btf/plain.o
; map: m array key=4 value=8 max=1
; map: n array key=4 value=8 max=2
; func: 0 prog
; func: each step
  r6 = *(u32 *)(r1 +0)
  r1 = map[m]
  if r6 == 0 goto walk
  r1 = map[n]
walk:
  r2 = func[each]
  r3 = 0
  r4 = 0
  call bpf_for_each_map_elem
  r0 = 0
  exit
each:
  r0 = 0
  exit
