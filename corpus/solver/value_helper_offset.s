; The rest of the value is smaller than the size.
; expect: mem-map-value-range
; type: kprobe
; map: m array key=4 value=64 max=1
  r6 = *(u32 *)(r1 +16)
  r6 &= 31
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map[m]
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  r1 = r0
  r1 += r6
  r2 = 40
  r3 = 0
  call bpf_probe_read_kernel
out:
  r0 = 0
  exit
