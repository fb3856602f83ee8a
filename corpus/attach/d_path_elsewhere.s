; The helper that prints a path may only be called where the path is stable.
; expect: call-not-allowed-here
; kernel: 6.12
; type: tracing
; attach: trace_fentry
; target: do_nanosleep
  call bpf_d_path
  r0 = 0
  exit
