; Which returns zero or an error.
; expect: return-range
; kernel: 6.12
; type: lsm
; attach: lsm_mac
; target: bpf_lsm_file_open
  r0 = 5
  exit
