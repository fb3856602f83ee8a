; A function that is in the types, and not in the program.
; expect: attach-no-subprog
; type: ext
; replaces: target.o
; target: 1
  r0 = 0
  exit
