; Changing the result, of a function that allows it.
; expect: accepted
; kernel: 6.12
; type: tracing
; attach: modify_return
; target: bpf_modify_return_test
  r0 = *(u32 *)(r1 +0)
  r0 = 1
  exit
