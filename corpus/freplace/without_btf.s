; A replacement needs types.
; expect: attach-ext-no-btf
; type: ext
; replaces: target.o
; target: number
  r0 = 0
  exit
