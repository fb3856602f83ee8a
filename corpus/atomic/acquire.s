; Loads and stores with order, on 6.18.
; expect: accepted
; kernel: 6.18
  *(u64 *)(r10 -8) = 8
  r1 = load_acquire((u64 *)(r10 -8))
  store_release((u64 *)(r10 -8), r1)
  r0 = 0
  exit
