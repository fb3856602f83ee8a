; Eight frames are allowed.
; expect: accepted
  call a
  exit
a:
  call b
  exit
b:
  call c
  exit
c:
  call d
  exit
d:
  call e
  exit
e:
  call f
  exit
f:
  call g
  exit
g:
  r0 = 0
  exit
