; Hooks are for GPL-compatible programs.
; expect: policy-lsm-gpl
; kernel: 6.12
; type: lsm
; attach: lsm_mac
; target: bpf_lsm_file_open
; license: Proprietary
  r0 = 0
  exit
