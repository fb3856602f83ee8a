; The socket that an XDP map holds is not null when that was asked before.
; expect: reg-uninit
; expect-6.12: accepted
; type: xdp
; map: m xskmap key=4 value=4 max=1
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  if r0 == 0 goto bad
out:
  r0 = 0
  exit
bad:
  r0 = r9
  exit
