; The walk never takes the last call, but the stack of all calls is added up without asking what is reachable.
; expect: stack-frames
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
  if r0 == 0 goto done
  call h
done:
  exit
h:
  r0 = 0
  exit
