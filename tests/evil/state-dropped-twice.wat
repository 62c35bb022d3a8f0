;; fails: Protocol
;; says: there is no block of state 0
(func $step (param $now i64)
  (drop (call $host.state-write (i32.const 1) (i32.const 512) (i32.const 1) (i32.const 512) (i32.const 0) (i32.const 512) (i32.const 1)))
  (call $host.state-drop (i64.const 0))
  (call $host.state-drop (i64.const 0)))
