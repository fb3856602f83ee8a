; A security hook.
; expect: accepted
; kernel: 6.12
; type: lsm
; attach: lsm_mac
; target: bpf_lsm_file_open
  r0 = 0
  exit
