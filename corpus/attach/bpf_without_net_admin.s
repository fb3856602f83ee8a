; CAP_BPF alone is not enough for network programs.
; expect: silent
; caps: bpf
; type: xdp
  r0 = 0
  exit
