; The key of a lookup is read whole: unprivileged programs must have written it.
; expect: mem-stack-uninit-arg
; caps: none
; map: m hash key=8 value=8 max=1
  *(u32 *)(r10 -8) = 0
  r2 = r10
  r2 += -8
  r1 = map[m]
  call bpf_map_lookup_elem
  r0 = 0
  exit
