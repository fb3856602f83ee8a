; A hook where programs may sleep.
; expect: accepted
; kernel: 6.12
; type: lsm
; attach: lsm_mac
; target: bpf_lsm_file_open
; flags: sleepable
  r0 = 0
  exit
