;; fails: Trap
;; says: the stack overflowed
(func $deep (param $n i32) (result i32)
  (i32.add (call $deep (i32.add (local.get $n) (i32.const 1))) (local.get $n)))
(func $step (param $now i64) (drop (call $deep (i32.const 0))))
