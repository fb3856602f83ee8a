; Arenas need CAP_BPF and CAP_PERFMON.
; expect: map-arena-cap
; caps: bpf
; map: a arena max=1 flags=1024
  r1 = map[a]
  r0 = 0
  exit
