; A helper that writes may not write read-only memory.
; expect: mem-map-read-only
; type: sched_cls
; map: m array key=4 value=8 max=1 flags=128 data=0500000000000000 frozen
  r3 = map_value[m]
  r2 = 0
  r4 = 8
  call bpf_skb_load_bytes
  r0 = 0
  exit
