; And need CAP_PERFMON.
; expect: mem-btf-perfmon
; caps: bpf, net_admin
; type: sched_cls
; map: m array key=4 value=8 max=1
  r1 = map[m]
  r0 = *(u32 *)(r1 +24)
  r0 = 0
  exit
