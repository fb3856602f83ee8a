; Not everywhere.
; expect: call-map-type
; type: kprobe
; map: m sockmap key=4 value=8 max=1
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_delete_elem
  r0 = 0
  exit
